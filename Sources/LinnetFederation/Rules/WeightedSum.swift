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
        forEachFour(vectors, weights) { sums, four, weights in
            Self.addFour(four, weights, to: sums)
        } one: { sums, vector, weight in
            for i in sums.indices { sums[i] += weight * Double(vector[i]) }
        }
    }

    /// Adds several vectors at once, and measures how far each of them is from `base`, in the same pass.
    ///
    /// - Parameter base: `[P]`.
    /// - Returns: the distances; NaN or infinite exactly where an element is.
    mutating func add(_ vectors: [ParameterVector], weights: [Double], measuredFrom base: ParameterVector) -> [Double] {
        precondition(base.count == count, "a sum over \(count) parameters can not measure from \(base.count)")
        var distances: [Double] = []
        base.withUnsafeBufferPointer { base in
            guard let base = base.baseAddress else { return distances = vectors.map { _ in 0 } }
            forEachFour(vectors, weights) { sums, four, weights in
                let squares = Self.addFour(four, weights, measuredFrom: base, to: sums)
                for i in 0..<4 { distances.append(squares[i].squareRoot()) }
            } one: { sums, vector, weight in
                // Its own four times, three of them of no weight: so the lanes are added up as they are above.
                let squares = Self.addFour(
                    (vector, vector, vector, vector), [weight, 0, 0, 0], measuredFrom: base, to: sums)
                distances.append(squares[0].squareRoot())
            }
        }
        return distances
    }

    private typealias Sums = UnsafeMutableBufferPointer<Double>
    private typealias Row = UnsafePointer<Float>

    /// Calls `body` for each four vectors, and `one` for those that are left.
    private mutating func forEachFour(
        _ vectors: [ParameterVector], _ weights: [Double],
        _ body: (Sums, (Row, Row, Row, Row), SIMD4<Double>) -> Void, one: (Sums, Row, Double) -> Void
    ) {
        precondition(vectors.count == weights.count, "\(vectors.count) vectors need as many weights")
        precondition(vectors.allSatisfy { $0.count == count }, "a sum over \(count) parameters takes nothing else")
        for weight in weights { self.weight += weight }
        sums.withUnsafeMutableBufferPointer { sums in
            var next = 0
            while next + 4 <= vectors.count {
                Self.withRows(vectors, from: next) {
                    body(sums, $0, SIMD4(weights[next], weights[next + 1], weights[next + 2], weights[next + 3]))
                }
                next += 4
            }
            for i in next..<vectors.count {
                vectors[i].withUnsafeBufferPointer { if let row = $0.baseAddress { one(sums, row, weights[i]) } }
            }
        }
    }

    private static func withRows(
        _ vectors: [ParameterVector], from first: Int, _ body: ((Row, Row, Row, Row)) -> Void
    ) {
        vectors[first].withUnsafeBufferPointer { v0 in
            vectors[first + 1].withUnsafeBufferPointer { v1 in
                vectors[first + 2].withUnsafeBufferPointer { v2 in
                    vectors[first + 3].withUnsafeBufferPointer { v3 in
                        guard let a = v0.baseAddress, let b = v1.baseAddress, let c = v2.baseAddress,
                            let d = v3.baseAddress
                        else { return }
                        body((a, b, c, d))
                    }
                }
            }
        }
    }

    private static func addFour(_ rows: (Row, Row, Row, Row), _ weights: SIMD4<Double>, to sums: Sums) {
        let (a, b, c, d) = rows
        let (w0, w1, w2, w3) = (weights[0], weights[1], weights[2], weights[3])
        guard let target = sums.baseAddress else { return }
        for i in 0..<sums.count {
            // One after the other, not as a tree: the order of additions is part of the result.
            var sum = target[i]
            sum += w0 * Double(a[i])
            sum += w1 * Double(b[i])
            sum += w2 * Double(c[i])
            target[i] = sum + w3 * Double(d[i])
        }
    }

    /// - Returns: the squared distance of each row from `base`.
    private static func addFour(
        _ rows: (Row, Row, Row, Row), _ weights: SIMD4<Double>, measuredFrom base: Row, to sums: Sums
    ) -> SIMD4<Double> {
        typealias Lanes = SIMD4<Double>
        guard let target = sums.baseAddress else { return .zero }
        let (w0, w1, w2, w3) = (weights[0], weights[1], weights[2], weights[3])
        var (s0, s1, s2, s3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        let whole = sums.count / 4 * 4
        for i in stride(from: 0, to: whole, by: 4) {
            let origin = SIMD4<Double>(UnsafeRawPointer(base + i).loadUnaligned(as: SIMD4<Float>.self))
            var sum = UnsafeRawPointer(target + i).loadUnaligned(as: Lanes.self)
            add(rows.0 + i, w0, from: origin, to: &sum, &s0)
            add(rows.1 + i, w1, from: origin, to: &sum, &s1)
            add(rows.2 + i, w2, from: origin, to: &sum, &s2)
            add(rows.3 + i, w3, from: origin, to: &sum, &s3)
            UnsafeMutableRawPointer(target + i).storeBytes(of: sum, as: Lanes.self)
        }
        var squares = Lanes(ordered(s0), ordered(s1), ordered(s2), ordered(s3))
        for i in whole..<sums.count {
            let values = Lanes(Double(rows.0[i]), Double(rows.1[i]), Double(rows.2[i]), Double(rows.3[i]))
            let differences = values - Lanes(repeating: Double(base[i]))
            squares += differences * differences
            for row in 0..<4 { target[i] += weights[row] * values[row] }
        }
        return squares
    }

    @inline(__always)
    private static func add(
        _ row: Row, _ weight: Double, from origin: SIMD4<Double>, to sum: inout SIMD4<Double>,
        _ squares: inout SIMD4<Double>
    ) {
        let values = SIMD4<Double>(UnsafeRawPointer(row).loadUnaligned(as: SIMD4<Float>.self))
        let difference = values - origin
        squares += difference * difference
        sum += SIMD4(repeating: weight) * values
    }

    /// Lane by lane rather than `sum()`, whose order of additions nothing promises.
    private static func ordered(_ lanes: SIMD4<Double>) -> Double { ((lanes[0] + lanes[1]) + lanes[2]) + lanes[3] }

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
