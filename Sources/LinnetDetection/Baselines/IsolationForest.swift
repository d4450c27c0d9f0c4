// SPDX-License-Identifier: Apache-2.0
//
// Liu, Ting and Zhou 2008. A tree cuts a sample of ψ windows again and again at a random place of a random value, until each
// is alone or the tree is log2 ψ deep. h(x): the cuts on the way of x, and c(n) where n windows are still together.
//   c(n) = 2 H(n-1) - 2 (n-1)/n      score = 2^(-mean h(x) / c(ψ)), in (0, 1]

import Glibc
import LinnetNumerics

/// A forest of random trees in which odd windows end up alone early.
public struct IsolationForest: BaselineDetector {
    /// A node of a tree: a cut, or a leaf with its path's length.
    private struct Node: Sendable {
        /// The value that is cut; below 0 for a leaf.
        var column: Int32
        /// Windows below go to the left; of a leaf, the whole length of its path.
        var place: Float
        /// Of the left child; the right one follows it.
        var left: Int32
    }

    private var nodes: [Node] = []
    private var roots: [Int32] = []
    private let normalizer: Double

    /// - Parameters:
    ///   - windows: `[windows, D]`, at least 2, all finite.
    ///   - trees: at least 1; the paper's 100.
    ///   - sampleSize: ψ, at least 2; the paper's 256.
    public init(fitting windows: Matrix, trees: Int = 100, sampleSize: Int = 256, seed: UInt64) {
        precondition(windows.rows >= 2 && trees >= 1 && sampleSize >= 2, "a forest needs windows, trees and samples")
        let size = min(sampleSize, windows.rows)
        normalizer = Self.meanPath(size)
        var generator = SeededGenerator(seed: seed)
        var order = (0..<Int32(windows.rows)).map { $0 }
        var depth = 0
        while 1 << depth < size { depth += 1 }
        for _ in 0..<trees {
            // The first of a shuffle that stops there are a sample without repetition.
            for i in 0..<size {
                order.swapAt(i, i + Int(generator.next() % UInt64(windows.rows - i)))
            }
            var sample = Array(order[..<size])
            roots.append(Int32(nodes.count))
            nodes.append(Node(column: -1, place: 0, left: 0))
            grow(
                at: nodes.count - 1, &sample, 0..<size, depth: 0, limit: depth, windows: windows,
                generator: &generator)
        }
    }

    /// The mean path to a window in a random tree of n (eq. 1): c(n).
    static func meanPath(_ n: Int) -> Double {
        guard n > 1 else { return 0 }
        var harmonic = 0.0
        for i in 1..<n { harmonic += 1 / Double(i) }
        return 2 * harmonic - 2 * Double(n - 1) / Double(n)
    }

    public var valueCount: Int { 2 * nodes.count }

    public func score(_ window: [Float]) -> Double {
        var sum = 0.0
        for root in roots {
            var node = nodes[Int(root)]
            while node.column >= 0 {
                node = nodes[Int(node.left) + (window[Int(node.column)] < node.place ? 0 : 1)]
            }
            sum += Double(node.place)
        }
        return exp2(-sum / Double(roots.count) / normalizer)
    }

    private mutating func grow(
        at node: Int, _ sample: inout [Int32], _ range: Range<Int>, depth: Int, limit: Int, windows: Matrix,
        generator: inout SeededGenerator
    ) {
        guard depth < limit, range.count > 1,
            let (column, place) = cut(sample[range], windows: windows, generator: &generator)
        else {
            nodes[node].place = Float(Double(depth) + Self.meanPath(range.count))
            return
        }
        var middle = range.lowerBound
        for i in range where windows[Int(sample[i]), column] < place {
            sample.swapAt(i, middle)
            middle += 1
        }
        let left = nodes.count
        nodes[node] = Node(column: Int32(column), place: place, left: Int32(left))
        nodes.append(Node(column: -1, place: 0, left: 0))
        nodes.append(Node(column: -1, place: 0, left: 0))
        grow(
            at: left, &sample, range.lowerBound..<middle, depth: depth + 1, limit: limit, windows: windows,
            generator: &generator)
        grow(
            at: left + 1, &sample, middle..<range.upperBound, depth: depth + 1, limit: limit, windows: windows,
            generator: &generator)
    }

    /// Draws a value that is not the same in all windows, and a place between its least and its greatest.
    ///
    /// - Returns: `nil` if a few tries find none: the windows are as good as equal.
    private func cut(
        _ sample: ArraySlice<Int32>, windows: Matrix, generator: inout SeededGenerator
    ) -> (column: Int, place: Float)? {
        for _ in 0..<min(2 * windows.columns, 64) {
            let column = Int(generator.next() % UInt64(windows.columns))
            var (least, most) = (Float.infinity, -Float.infinity)
            for row in sample {
                let value = windows[Int(row), column]
                least = min(least, value)
                most = max(most, value)
            }
            guard least < most else { continue }
            let place = Float(Double(least) + (Double(most) - Double(least)) * generator.uniform())
            // Rounding may bring the place down to the least value, which would leave one side empty.
            if place > least { return (column, place) }
        }
        return nil
    }
}
