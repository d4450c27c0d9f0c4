// SPDX-License-Identifier: Apache-2.0

import COpenBLAS

/// The eigenvalues and eigenvectors of a symmetric matrix, largest eigenvalue first (LAPACK `dsyevd`: divide and conquer).
public struct SymmetricEigen: Sendable, Equatable {
    /// `[n]`, falling.
    public let values: [Double]
    /// One eigenvector of length 1 a row, in the order of the values, `[n, n]`.
    public let vectors: [Double]

    /// - Parameters:
    ///   - matrix: `[n, n]`, of which the upper triangle is read.
    ///   - size: n, at least 1.
    /// - Returns: `nil` if an element is not finite, or LAPACK finds no answer.
    /// - Complexity: O(n³).
    public init?(_ matrix: [Double], size: Int) {
        precondition(size >= 1 && matrix.count == size * size, "\(matrix.count) elements are not \(size) x \(size)")
        guard matrix.allSatisfy(\.isFinite), let order = Int32(exactly: size) else { return nil }
        var matrix = matrix
        var values = [Double](repeating: 0, count: size)
        // LAPACK reads columns: what is the upper triangle by rows is the lower one to it.
        let (jobs, triangle) = (CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "L")))
        var (workSize, integerSize) = (1.0, Int32(1))
        var status: Int32 = 0
        var query: Int32 = -1
        // With sizes of -1 it only says how much memory it wants.
        withUnsafe(order, query) { order, query in
            dsyevd_([jobs], [triangle], order, &matrix, order, &values, &workSize, query, &integerSize, query, &status)
        }
        guard status == 0, workSize >= 1, workSize < 1e9, integerSize >= 1 else { return nil }
        var work = [Double](repeating: 0, count: Int(workSize))
        var integers = [Int32](repeating: 0, count: Int(integerSize))
        query = Int32(workSize)
        withUnsafe(order, query) { order, query in
            dsyevd_([jobs], [triangle], order, &matrix, order, &values, &work, query, &integers, &integerSize, &status)
        }
        guard status == 0, values.allSatisfy(\.isFinite) else { return nil }
        // Rising values, one vector after another: both are turned round.
        self.values = values.reversed()
        vectors = (0..<size).reversed().flatMap { matrix[$0 * size..<($0 + 1) * size] }
    }
}

private func withUnsafe(
    _ first: Int32, _ second: Int32, _ body: (UnsafePointer<Int32>, UnsafePointer<Int32>) -> Void
) {
    withUnsafePointer(to: first) { first in withUnsafePointer(to: second) { second in body(first, second) } }
}
