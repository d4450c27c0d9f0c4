// SPDX-License-Identifier: Apache-2.0

import COpenBLAS

/// Weighted least squares, one equation at a time: `A = sum w a aᵀ`, `b = sum w a y`, solved by LAPACK's `dposv`.
public struct NormalEquations: Sendable {
    /// n.
    public let unknowns: Int
    /// Of which the lower triangle is kept, `[n, n]`.
    private var matrix: [Double]
    private var right: [Double]

    /// - Parameter unknowns: at least 1.
    public init(unknowns: Int) {
        precondition(unknowns >= 1 && unknowns <= 32_768, "\(unknowns) unknowns")
        self.unknowns = unknowns
        matrix = [Double](repeating: 0, count: unknowns * unknowns)
        right = [Double](repeating: 0, count: unknowns)
    }

    /// Adds the equation `row · solution = value`, which counts `weight` times; row `[n]`.
    public mutating func add(_ row: [Double], equals value: Double, weight: Double) {
        precondition(row.count == unknowns, "\(row.count) factors for \(unknowns) unknowns")
        for i in 0..<unknowns where row[i] != 0 {
            let factor = weight * row[i]
            right[i] += factor * value
            for j in 0...i { matrix[i * unknowns + j] += factor * row[j] }
        }
    }

    /// The solution that fits all equations best; `nil` if they do not determine one, or a number is not finite.
    ///
    /// - Complexity: O(n³).
    public func solution() -> [Double]? {
        guard matrix.allSatisfy(\.isFinite), right.allSatisfy(\.isFinite) else { return nil }
        var (matrix, solution) = (matrix, right)
        // LAPACK reads columns: what is the lower triangle by rows is the upper one to it.
        let triangle = CChar(UInt8(ascii: "U"))
        var (order, one, status) = (Int32(unknowns), Int32(1), Int32(0))
        var (rows, leading) = (order, order)
        dposv_([triangle], &order, &one, &matrix, &rows, &solution, &leading, &status)
        guard status == 0, solution.allSatisfy(\.isFinite) else { return nil }
        return solution
    }
}
