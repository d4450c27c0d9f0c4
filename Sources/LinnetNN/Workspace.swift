// SPDX-License-Identifier: Apache-2.0

/// The memory one thread needs to run a network forward and backward, allocated once.
///
/// It is what makes a step allocate nothing. A workspace belongs to one thread at a time and to networks of one shape.
public final class Workspace {
    /// The most rows that go through at once.
    public let maximumBatch: Int
    /// The outputs of all layers, one layer after another, `[maximumBatch, outputs]` each.
    let outputs: [UnsafeMutablePointer<Float>]
    /// The loss's derivative at one layer's sums and at the sums of the layer before, `[maximumBatch, widest layer]`.
    private(set) var delta: UnsafeMutablePointer<Float>
    private(set) var nextDelta: UnsafeMutablePointer<Float>

    private let outputsPerRow: Int
    private let memory: UnsafeMutableRawPointer

    /// Allocates what `network` needs for batches of up to `maximumBatch` rows, at least 1.
    public init(network: Network, maximumBatch: Int) {
        precondition(maximumBatch >= 1, "a workspace needs room for at least one row")
        self.maximumBatch = maximumBatch
        outputsPerRow = network.outputsPerRow
        let widest = network.layers.map(\.outputs).max() ?? 1
        let sizes =
            network.layers.map { Self.padded($0.outputs * maximumBatch) }
            + [widest, widest].map {
                Self.padded($0 * maximumBatch)
            }
        let count = sizes.reduce(0, +)
        // A cache line's alignment: vector loads then never straddle two lines.
        memory = .allocate(byteCount: count * MemoryLayout<Float>.stride, alignment: 64)
        let first = memory.bindMemory(to: Float.self, capacity: count)
        first.initialize(repeating: 0, count: count)
        var pieces: [UnsafeMutablePointer<Float>] = []
        var next = first
        for size in sizes {
            pieces.append(next)
            next += size
        }
        nextDelta = pieces.removeLast()
        delta = pieces.removeLast()
        outputs = pieces
    }

    deinit { memory.deallocate() }

    /// Makes the derivative just computed the current one.
    func advance() { swap(&delta, &nextDelta) }

    /// Traps if this workspace was made for another shape, or for fewer rows.
    func check(network: Network, rows: Int) {
        precondition(outputsPerRow == network.outputsPerRow, "the workspace is of another network")
        precondition(rows >= 0 && rows <= maximumBatch, "\(rows) rows in a workspace for \(maximumBatch)")
    }

    private static func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
}
