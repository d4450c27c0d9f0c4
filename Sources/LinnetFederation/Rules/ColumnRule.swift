// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// A rule that looks at one parameter at a time, over all agents: median and trimmed mean.
///
/// Such a rule runs block by block in a buffer of fixed size, and anything that can produce blocks can be put before it.
protocol ColumnRule: AggregationStrategy {
    /// The work for columns of `rows` values.
    ///
    /// - Throws: ``AggregationError/tooFewForRule(rule:found:minimum:)``.
    func reducer(rows: Int) throws(AggregationError) -> any ColumnReducer
}

/// What a ``ColumnRule`` does to a block of columns; called from several threads at once.
protocol ColumnReducer: Sendable {
    /// Writes one number for each column of `block`, `[rows,width]`, all finite; `block` may be overwritten.
    func reduce(_ block: UnsafeMutablePointer<Float>, width: Int, into result: UnsafeMutablePointer<Float>)
}

extension ColumnRule {
    public func aggregate(
        _ updates: any UpdateSource, onto base: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        let matrix = try UpdateMatrix(updates, base: base)
        return try matrix.reduced(by: try reducer(rows: matrix.rowCount))
    }
}
