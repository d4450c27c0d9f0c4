// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// The screened updates of a round as one matrix, `[n,P]`: a row an agent in agent order, a column a parameter.
///
/// Rules read it block by block of columns, so that their memory does not grow with P, and the updates may lie on disk.
struct UpdateMatrix {
    /// What the matrix is read from; updates that are too long are shortened in it.
    let source: any UpdateSource
    /// The rows of the source that the matrix has, in agent order.
    let rows: [Int]
    let base: ParameterVector
    /// The length of each row's way from the base, `[n]`.
    let norms: [Double]

    /// Checks updates, in one pass over them.
    ///
    /// - Parameter capFactor: how many median lengths an update may be long; nil for any length.
    init(_ updates: any UpdateSource, base: ParameterVector, capFactor: Double? = nil) throws(AggregationError) {
        try updates.check(base: base)
        norms = try updates.norms(from: base)
        source =
            if let capFactor {
                ScaledUpdates(
                    updates, base: base, norms: norms, bound: ScaledUpdates.bound(norms, factor: capFactor))
            } else {
                updates
            }
        rows = Array(norms.indices)
        self.base = base
    }

    /// Some rows of another matrix.
    ///
    /// - Parameter selected: their indices there, none twice.
    init(_ matrix: UpdateMatrix, selected: [Int]) {
        let selected = selected.sorted()
        source = matrix.source
        rows = selected.map { matrix.rows[$0] }
        norms = selected.map { matrix.norms[$0] }
        base = matrix.base
    }

    /// The agent of a row.
    func agent(_ row: Int) -> AgentID { source.contributors[rows[row]].agent }

    /// Number of agents, n.
    var rowCount: Int { rows.count }
    /// Number of parameters, P.
    var columnCount: Int { base.count }

    /// Copies columns of all rows, `[n, columns.count]`, row after row.
    func load(_ columns: Range<Int>, into block: UnsafeMutablePointer<Float>) throws(AggregationError) {
        for (position, row) in rows.enumerated() {
            try source.load(columns, of: row, into: block + position * columns.count)
        }
    }

    /// One row, `[P]`.
    func row(_ row: Int) throws(AggregationError) -> ParameterVector {
        var values = [Float](repeating: 0, count: columnCount)
        try values.withUnsafeMutableBufferPointer { values throws(AggregationError) in
            guard let target = values.baseAddress else { return }
            try source.load(0..<values.count, of: rows[row], into: target)
        }
        return ParameterVector(values)
    }

    /// The mean of all rows, weighted, added up in agent order: `[P]` in Double.
    ///
    /// - Parameter weights: one a row, finite, at least 0, some above 0.
    func mean(weights: [Double]) throws(AggregationError) -> [Double] {
        var ofSource = [Double](repeating: 0, count: source.contributors.count)
        for (row, weight) in zip(rows, weights) { ofSource[row] = weight }
        var sum = WeightedSum(count: columnCount)
        try source.readGroups(count: columnCount) { rows, group in sum.add(group, weights: Array(ofSource[rows])) }
        return sum.quotients()
    }
}
