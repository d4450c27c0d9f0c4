// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// The directions in which normal windows vary, and the two classic distances from them (Jackson and Mudholkar 1979):
///
///     T² = Σ t_k² / λ_k  over the kept components        Q = ||x - μ - Σ t_k v_k||²
///
/// T² finds windows that go too far in known directions, Q those that go in unknown ones.
public struct PrincipalComponents: Sendable, Hashable, Codable {
    /// `[D]`.
    private let mean: [Float]
    /// One kept component a row, `[K, D]`.
    private let components: [Float]
    /// The kept components' variances, `[K]`.
    private let variances: [Double]
    /// The variance that the kept components do not explain, above 0: the mean of Q on the fitted windows.
    let residualVariance: Double

    /// Share of the mean variance below which a direction counts as one in which nothing varies.
    static let varianceFloor = 1e-4

    /// - Parameters:
    ///   - windows: `[windows, D]`, at least 2.
    ///   - variance: the share of all variance that the kept components hold together, above 0, at most 1.
    ///   - maximum: most components to keep, at least 1.
    /// - Throws: ``DetectionError`` if there are too few windows, or they are not finite.
    public init(
        fitting windows: Matrix, variance: Double, atMost maximum: Int = .max
    ) throws(DetectionError) {
        let (rows, width) = (windows.rows, windows.columns)
        guard rows >= 2, width >= 1 else { throw .tooFewWindows(found: rows, needed: 2) }
        var mean = [Double](repeating: 0, count: width)
        windows.withUnsafeBufferPointer { x in
            for row in 0..<rows { for i in 0..<width { mean[i] += Double(x[row * width + i]) } }
        }
        for i in 0..<width { mean[i] /= Double(rows) }
        let covariance = Self.covariance(windows, mean: mean)
        guard let eigen = SymmetricEigen(covariance, size: width) else {
            throw .model("the windows' covariance has no eigenvalues")
        }
        let total = eigen.values.reduce(0) { $0 + max(0, $1) }
        let floor = max(1e-9, Self.varianceFloor * total / Double(width))
        var kept = 0
        var held = 0.0
        while kept < min(width, max(1, maximum)), held < variance * total || kept == 0,
            kept == 0 || eigen.values[kept] > floor
        {
            held += max(0, eigen.values[kept])
            kept += 1
        }
        self.mean = mean.map(Float.init)
        components = eigen.vectors[..<(kept * width)].map(Float.init)
        variances = eigen.values[..<kept].map { max($0, floor) }
        residualVariance = max(eigen.values[kept...].reduce(0) { $0 + max(0, $1) }, floor)
    }

    /// The number of kept components.
    var count: Int { variances.count }

    /// Whether what came from a file can be calculated with.
    var isValid: Bool {
        let (elements, overflows) = mean.count.multipliedReportingOverflow(by: count)
        return !overflows && count >= 1 && components.count == elements && mean.allSatisfy(\.isFinite)
            && components.allSatisfy(\.isFinite) && variances.allSatisfy { $0.isFinite && $0 > 0 }
            && residualVariance.isFinite && residualVariance > 0
    }

    /// The numbers that were learned: mean, components, their variances and the residual's.
    var valueCount: Int { mean.count + components.count + variances.count + 1 }

    /// The number of values of a window; 0 if what was read back does not fit together.
    var width: Int {
        let isWhole =
            components.count == count * mean.count && count > 0 && residualVariance > 0
            && variances.allSatisfy { $0 > 0 }
        return isWhole ? mean.count : 0
    }

    /// The upper triangle of the covariance, `[D, D]`.
    private static func covariance(_ windows: Matrix, mean: [Double]) -> [Double] {
        let (rows, width) = (windows.rows, windows.columns)
        var gram = [Double](repeating: 0, count: width * width)
        // A block of rows at a time, turned round: a long recording need not lie in memory twice.
        let block = 1024
        var turned = [Double](repeating: 0, count: width * min(block, rows))
        windows.withUnsafeBufferPointer { x in
            for start in stride(from: 0, to: rows, by: block) {
                let count = min(block, rows - start)
                for row in 0..<count {
                    for i in 0..<width {
                        turned[i * count + row] = Double(x[(start + row) * width + i]) - mean[i]
                    }
                }
                turned.withUnsafeBufferPointer { from in
                    gram.withUnsafeMutableBufferPointer { to in
                        if let from = from.baseAddress, let to = to.baseAddress {
                            Kernels.addGram(from, to: to, rows: width, columns: count)
                        }
                    }
                }
            }
        }
        return gram.map { $0 / Double(rows - 1) }
    }

    /// Working memory of one window: made once, so that scoring allocates nothing.
    public struct Scratch: Sendable {
        /// The centred window, `x [D]`, and its coordinates, `t [K]`.
        fileprivate var centred: [Float]
        fileprivate var coordinates: [Float]
    }

    /// Working memory for ``distances(_:scratch:)``.
    public func makeScratch() -> Scratch {
        Scratch(
            centred: [Float](repeating: 0, count: mean.count), coordinates: [Float](repeating: 0, count: count))
    }

    /// T² and Q of one window, `[D]`.
    public func distances(_ window: [Float]) -> (t2: Double, q: Double) {
        var scratch = makeScratch()
        return window.withUnsafeBufferPointer { distances($0, scratch: &scratch) }
    }

    /// T² and Q of one window, `[D]`, without allocating: one product of a matrix and a vector.
    public func distances(_ window: UnsafeBufferPointer<Float>, scratch: inout Scratch) -> (t2: Double, q: Double) {
        precondition(window.count == mean.count, "windows of \(mean.count) values, got \(window.count)")
        for i in 0..<mean.count { scratch.centred[i] = window[i] - mean[i] }
        let (inputs, outputs) = (mean.count, count)
        scratch.centred.withUnsafeBufferPointer { x in
            components.withUnsafeBufferPointer { v in
                scratch.coordinates.withUnsafeMutableBufferPointer { t in
                    if let x = x.baseAddress, let v = v.baseAddress, let t = t.baseAddress {
                        Kernels.multiply(x, byTransposed: v, into: t, rows: 1, inputs: inputs, outputs: outputs)
                    }
                }
            }
        }
        var t2 = 0.0
        var explained = 0.0
        for k in 0..<outputs {
            let square = Double(scratch.coordinates[k]) * Double(scratch.coordinates[k])
            t2 += square / variances[k]
            explained += square
        }
        return (t2, max(0, scratch.centred.withUnsafeBufferPointer(Kernels.sumOfSquares) - explained))
    }

    /// The window that the kept components make of the last one scored with this memory: `μ + Σ t_k v_k`, `[D]`.
    func reconstruction(_ scratch: Scratch) -> [Float] {
        var window = mean
        for k in 0..<count {
            for i in window.indices { window[i] += scratch.coordinates[k] * components[k * window.count + i] }
        }
        return window
    }
}
