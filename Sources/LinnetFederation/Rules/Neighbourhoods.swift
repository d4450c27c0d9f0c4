// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// The nearest updates of each update, itself included, and their means.
struct Neighbourhoods {
    private let groups: Kernels.RowGroups

    /// - Parameters:
    ///   - size: 1 to n.
    ///   - rule: who asks, for the error.
    /// - Throws: ``AggregationError/tooManyForRule(rule:found:maximum:)``.
    init(_ matrix: UpdateMatrix, size: Int, rule: String) throws(AggregationError) {
        let count = matrix.rowCount
        let distances = try PairwiseDistances(matrix, rule: rule)
        groups = Kernels.RowGroups(members: (0..<count).map { distances.neighbourhood(of: $0, size: size) })
    }

    /// Replaces each row of a block, `[n,width]`, by the mean of its neighbourhood.
    func mix(_ block: UnsafeMutablePointer<Float>, width: Int) {
        let byteCount = 8 * groups.rows * MemoryLayout<Double>.stride
        withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 64) { sums in
            guard let sums = sums.bindMemory(to: Double.self).baseAddress else { return }
            Kernels.mixRows(block, width: width, by: groups, sums: sums)
        }
    }
}
