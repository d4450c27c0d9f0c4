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
        precondition(parameters.count == count, "a sum over \(count) parameters can not take \(parameters.count)")
        self.weight += weight
        parameters.withUnsafeBufferPointer { values in
            sums.withUnsafeMutableBufferPointer { sums in
                for index in sums.indices { sums[index] += weight * Double(values[index]) }
            }
        }
    }

    /// Adds several vectors at once: bit for bit what adding one after the other gives, and faster.
    ///
    /// Four vectors a pass, block by block, so that the sums stay in the first cache while the vectors stream by.
    ///
    /// - Parameters:
    ///   - vectors: each `[P]`.
    ///   - weights: one each, finite, at least 0.
    public mutating func add(_ vectors: [ParameterVector], weights: [Double]) {
        precondition(vectors.count == weights.count, "\(vectors.count) vectors need as many weights")
        precondition(vectors.allSatisfy { $0.count == count }, "a sum over \(count) parameters takes nothing else")
        for weight in weights { self.weight += weight }
        let blockLength = 2048
        sums.withUnsafeMutableBufferPointer { buffer in
            guard let sums = buffer.baseAddress else { return }
            for start in stride(from: 0, to: buffer.count, by: blockLength) {
                let length = min(blockLength, buffer.count - start)
                var next = 0
                while next + 4 <= vectors.count {
                    Self.addFour(vectors, weights, from: next, at: start, length: length, to: sums)
                    next += 4
                }
                while next < vectors.count {
                    let weight = weights[next]
                    vectors[next].withUnsafeBufferPointer { values in
                        for i in 0..<length { sums[start + i] += weight * Double(values[start + i]) }
                    }
                    next += 1
                }
            }
        }
    }

    private static func addFour(
        _ vectors: [ParameterVector], _ weights: [Double], from first: Int, at start: Int, length: Int,
        to sums: UnsafeMutablePointer<Double>
    ) {
        let (w0, w1, w2, w3) = (weights[first], weights[first + 1], weights[first + 2], weights[first + 3])
        vectors[first].withUnsafeBufferPointer { v0 in
            vectors[first + 1].withUnsafeBufferPointer { v1 in
                vectors[first + 2].withUnsafeBufferPointer { v2 in
                    vectors[first + 3].withUnsafeBufferPointer { v3 in
                        guard let a = v0.baseAddress, let b = v1.baseAddress, let c = v2.baseAddress,
                            let d = v3.baseAddress
                        else { return }
                        for i in start..<start + length {
                            // One after the other, not as a tree: the order of additions is part of the result.
                            var sum = sums[i]
                            sum += w0 * Double(a[i])
                            sum += w1 * Double(b[i])
                            sum += w2 * Double(c[i])
                            sums[i] = sum + w3 * Double(d[i])
                        }
                    }
                }
            }
        }
    }

    /// Whether all that was added was finite.
    public var isFinite: Bool { sums.allSatisfy(\.isFinite) }

    /// The weighted mean of all that was added, `[P]`; absent while nothing of any weight was.
    public func average() -> ParameterVector? {
        guard weight > 0 else { return nil }
        return ParameterVector(sums.map { Float($0 / weight) })
    }

    /// The weighted mean in Double, `[P]`; some weight is above 0.
    func quotients() -> [Double] { sums.map { $0 / weight } }
}
