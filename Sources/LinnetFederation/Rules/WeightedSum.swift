// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Adds up weighted parameter vectors one after the other, in Double: the memory of a mean-type rule.
///
///     var sum = WeightedSum(count: base.count)
///     for update in updatesByAgent { sum.add(update.parameters, weight: update.weight) }
///     let average = sum.average()
///
/// It takes 8 bytes a parameter however many vectors pass through, so updates can be read from disk as a stream. The
/// order of additions is the order of calls: who wants the same bits every time adds in agent order.
public struct WeightedSum: Sendable {
    private var sums: [Double]
    /// The sum of all weights so far.
    public private(set) var weight = 0.0

    /// Makes a sum of nothing over `count` parameters.
    public init(count: Int) { sums = [Double](repeating: 0, count: count) }

    /// The number of parameters, P.
    public var count: Int { sums.count }

    /// Adds `weight * parameters`.
    ///
    /// - Parameters:
    ///   - parameters: `[P]`; what is not finite shows in ``isFinite`` for ever after, whatever its weight.
    ///   - weight: finite, at least 0.
    public mutating func add(_ parameters: ParameterVector, weight: Double) {
        add([parameters], weights: [weight])
    }

    /// Adds several vectors at once: bit for bit what adding one after the other gives, and faster.
    ///
    /// - Parameters:
    ///   - vectors: each `[P]`.
    ///   - weights: one each, finite, at least 0.
    public mutating func add(_ vectors: [ParameterVector], weights: [Double]) {
        forEachPiece(vectors, weights) { rows, weights, sums, columns in
            Kernels.addWeighted(rows, weights: weights, to: sums, columns: columns.count)
        }
    }

    /// Adds several vectors at once, and measures how far each of them is from `base`, in the same pass.
    ///
    /// - Parameter base: `[P]`.
    /// - Returns: the distances; NaN or infinite exactly where an element is.
    mutating func add(_ vectors: [ParameterVector], weights: [Double], measuredFrom base: ParameterVector) -> [Double] {
        precondition(base.count == count, "a sum over \(count) parameters can not measure from \(base.count)")
        let pieces = (count + Self.pieceLength - 1) / Self.pieceLength
        var squares = [Double](repeating: 0, count: pieces * vectors.count)
        squares.withUnsafeMutableBufferPointer { squares in
            base.withUnsafeBufferPointer { base in
                guard let base = base.baseAddress, let squares = squares.baseAddress else { return }
                // Each piece writes to a place of its own.
                nonisolated(unsafe) let (origin, target) = (base, squares)
                forEachPiece(vectors, weights) { rows, weights, sums, columns in
                    Kernels.addWeighted(
                        rows, weights: weights, to: sums, columns: columns.count,
                        measuredFrom: origin + columns.lowerBound,
                        into: target + columns.lowerBound / Self.pieceLength * vectors.count)
                }
            }
        }
        return vectors.indices.map { row in
            (0..<pieces).reduce(0) { $0 + squares[$1 * vectors.count + row] }.squareRoot()
        }
    }

    /// Columns that are worked on at a time, for all vectors that are at hand: their sums stay in the second cache. A fixed
    /// number, since the order in which lengths are added up depends on it.
    private static let pieceLength = 16_384

    private typealias Rows = UnsafeBufferPointer<UnsafePointer<Float>?>

    /// Calls `body` with some columns of all vectors, their weights, the sums of those columns, and which columns they are;
    /// on as many threads as there are.
    private mutating func forEachPiece(
        _ vectors: [ParameterVector], _ weights: [Double],
        _ body: (Rows, UnsafeBufferPointer<Double>, UnsafeMutablePointer<Double>, Range<Int>) -> Void
    ) {
        precondition(vectors.count == weights.count, "\(vectors.count) vectors need as many weights")
        let count = count
        precondition(vectors.allSatisfy { $0.count == count }, "a sum over \(count) parameters takes nothing else")
        for weight in weights { self.weight += weight }
        sums.withUnsafeMutableBufferPointer { sums in
            guard let sums = sums.baseAddress else { return }
            var rows: [UnsafePointer<Float>] = []
            Self.withRows(vectors[...], &rows) { rows in
                weights.withUnsafeBufferPointer { weights in
                    Workers.perform((count + Self.pieceLength - 1) / Self.pieceLength) { piece in
                        let start = piece * Self.pieceLength
                        let columns = start..<min(start + Self.pieceLength, count)
                        let pointers = rows.map { Optional($0 + start) }
                        pointers.withUnsafeBufferPointer { body($0, weights, sums + start, columns) }
                    }
                }
            }
        }
    }

    /// Calls `body` with where each of some vectors lies.
    private static func withRows(
        _ vectors: ArraySlice<ParameterVector>, _ rows: inout [UnsafePointer<Float>],
        _ body: ([UnsafePointer<Float>]) -> Void
    ) {
        guard let vector = vectors.first else { return body(rows) }
        vector.withUnsafeBufferPointer { values in
            if let values = values.baseAddress { rows.append(values) }
            withRows(vectors.dropFirst(), &rows, body)
        }
    }

    /// Whether all that was added was finite.
    public var isFinite: Bool {
        // Without an early exit the loop is a few vector instructions; a difference from itself is 0, or else NaN.
        sums.withUnsafeBufferPointer { sums in
            var (found, i) = (SIMD4<Double>.zero, 0)
            while i + 4 <= sums.count {
                let lanes = SIMD4(sums[i], sums[i + 1], sums[i + 2], sums[i + 3])
                found += lanes - lanes
                i += 4
            }
            return found == .zero && sums[i...].allSatisfy(\.isFinite)
        }
    }

    /// The weighted mean of all that was added, `[P]`; absent while nothing of any weight was.
    public func average() -> ParameterVector? {
        guard weight > 0 else { return nil }
        var average = ParameterVector(repeating: 0, count: count)
        average.withUnsafeMutableBufferPointer { average in
            sums.withUnsafeBufferPointer { sums in
                guard let average = average.baseAddress, let values = sums.baseAddress else { return }
                for i in 0..<sums.count { average[i] = Float(values[i] / weight) }
            }
        }
        return average
    }

    /// The weighted mean in Double, `[P]`; some weight is above 0.
    func quotients() -> [Double] { sums.map { $0 / weight } }
}
