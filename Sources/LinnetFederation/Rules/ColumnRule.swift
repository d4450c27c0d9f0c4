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

/// What a ``ColumnRule`` does to a block of columns.
protocol ColumnReducer {
    /// Writes one number for each column of `block`, `[rows,width]`, all finite; `block` may be overwritten.
    func reduce(_ block: UnsafeMutablePointer<Float>, width: Int, into result: UnsafeMutablePointer<Float>)
}

extension ColumnRule {
    public func aggregate(
        _ contributions: [Contribution], onto base: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        let matrix = try UpdateMatrix(contributions, base: base)
        return matrix.reduced(by: try reducer(rows: matrix.rowCount), prepare: nil)
    }
}

extension UpdateMatrix {
    /// How many columns a block has: as many as keep it near the first cache, in whole cache lines.
    func blockWidth(rows: Int) -> Int { min(max(16, 8192 / max(1, rows) / 16 * 16), 512) }

    /// Runs a reducer over all columns.
    ///
    /// - Parameter prepare: replaces the rows of a block, `[n,width]`, by others before it is reduced.
    func reduced(
        by reducer: any ColumnReducer, prepare: ((UnsafeMutablePointer<Float>, Int) -> Void)?
    ) -> ParameterVector {
        let width = blockWidth(rows: rowCount)
        var result = ParameterVector(repeating: 0, count: columnCount)
        let block = UnsafeMutablePointer<Float>.allocate(capacity: rowCount * width)
        defer { block.deallocate() }
        result.withUnsafeMutableBufferPointer { result in
            guard let result = result.baseAddress else { return }
            for start in stride(from: 0, to: columnCount, by: width) {
                let columns = start..<min(start + width, columnCount)
                load(columns, into: block)
                prepare?(block, columns.count)
                reducer.reduce(block, width: columns.count, into: result + start)
            }
        }
        return result
    }
}
