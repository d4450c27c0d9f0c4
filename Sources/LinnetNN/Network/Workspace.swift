// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// The memory one thread needs to run a network forward and backward, allocated once.
///
/// It is what makes a step allocate nothing. A workspace belongs to one thread at a time and to networks of one shape.
public final class Workspace {
    /// The most rows that go through at once.
    public let maximumBatch: Int
    /// The outputs of all layers, one layer after another, `[maximumBatch, output]` each.
    let outputs: [UnsafeMutablePointer<Float>]
    /// The loss's derivative by one layer's output and by its input, `[maximumBatch, widest row]`.
    private(set) var delta: UnsafeMutablePointer<Float>
    private(set) var nextDelta: UnsafeMutablePointer<Float>

    /// What each layer keeps from forward to backward.
    private let kept: [UnsafeMutablePointer<Float>]
    private let outputsPerRow: Int
    private let memory: UnsafeMutableRawPointer
    private let noise: UnsafeMutablePointer<SeededGenerator>

    /// Allocates what `network` needs for batches of up to `maximumBatch` rows, at least 1.
    ///
    /// - Parameter seed: of the numbers that layers take which act at random in training.
    public init(network: Network, maximumBatch: Int, seed: UInt64 = 1) {
        precondition(maximumBatch >= 1, "a workspace needs room for at least one row")
        self.maximumBatch = maximumBatch
        noise = .allocate(capacity: 1)
        noise.initialize(to: SeededGenerator(seed: seed))
        let layers = network.layers.layers
        outputsPerRow = network.outputsPerRow
        let sizes = Self.sizes(of: network, maximumBatch: maximumBatch)
        let count = sizes.reduce(0) { $0 + Self.padded($1) }
        // A cache line's alignment: vector loads then never straddle two lines.
        memory = .allocate(byteCount: count * MemoryLayout<Float>.stride, alignment: 64)
        let first = memory.bindMemory(to: Float.self, capacity: count)
        first.initialize(repeating: 0, count: count)
        var pieces: [UnsafeMutablePointer<Float>] = []
        var next = first
        for size in sizes {
            pieces.append(next)
            next += Self.padded(size)
        }
        outputs = Array(pieces[..<layers.count])
        kept = Array(pieces[layers.count..<2 * layers.count])
        delta = pieces[pieces.count - 2]
        nextDelta = pieces[pieces.count - 1]
    }

    /// The Floats of each piece: what every layer puts out, what it keeps, and two slopes.
    private static func sizes(of network: Network, maximumBatch: Int) -> [Int] {
        let layers = network.layers.layers
        let widest = layers.map(\.output.count).max() ?? 1
        return layers.map { $0.output.count * maximumBatch } + layers.map { $0.keptCount(rows: maximumBatch) }
            + [widest * maximumBatch, widest * maximumBatch]
    }

    /// The bytes that a workspace takes.
    public static func byteCount(of network: Network, maximumBatch: Int) -> Int {
        sizes(of: network, maximumBatch: maximumBatch).reduce(0) { $0 + padded($1) } * MemoryLayout<Float>.stride
    }

    deinit {
        memory.deallocate()
        noise.deallocate()
    }

    /// Makes the derivative just computed the current one.
    func advance() { swap(&delta, &nextDelta) }

    /// - Returns: the memory of layer `index` in a pass of `rows` rows, of which `x` is the input.
    func pass(
        at index: Int, x: UnsafePointer<Float>, rows: Int, parameters: UnsafePointer<Float>, isTraining: Bool
    ) -> LayerPass {
        LayerPass(
            rows: rows, isTraining: isTraining, parameters: parameters,
            input: index > 0 ? UnsafePointer(outputs[index - 1]) : x, output: outputs[index], kept: kept[index],
            noise: noise)
    }

    /// Traps if this workspace was made for another shape, or for fewer rows.
    func check(network: Network, rows: Int) {
        precondition(outputsPerRow == network.outputsPerRow, "the workspace is of another network")
        precondition(rows >= 0 && rows <= maximumBatch, "\(rows) rows in a workspace for \(maximumBatch)")
    }

    private static func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
}
