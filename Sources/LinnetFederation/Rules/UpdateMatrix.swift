// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// The screened updates of a round as one matrix, `[n,P]`: a row an agent in agent order, a column a parameter.
///
/// No row is copied: rules read it block by block of columns, so that their own memory does not grow with P.
struct UpdateMatrix {
    /// The contributions in agent order.
    let contributions: [Contribution]
    /// The weights they bring, `[n,P]`.
    let rows: [ParameterVector]
    let base: ParameterVector
    /// How much of its way from the base each row keeps; 1 leaves a row as it came.
    private(set) var scales: [Double]

    /// Screens and sorts contributions.
    init(_ contributions: [Contribution], base: ParameterVector) throws(AggregationError) {
        self.contributions = try Screened.sorted(contributions, base: base)
        rows = self.contributions.map(\.parameters)
        self.base = base
        scales = [Double](repeating: 1, count: rows.count)
    }

    /// The agent of a row.
    func agent(_ row: Int) -> AgentID { contributions[row].agent }

    /// Number of agents, n.
    var rowCount: Int { rows.count }
    /// Number of parameters, P.
    var columnCount: Int { base.count }

    /// The length of each row's way from the base, `[n]`, before any scaling.
    func norms() -> [Double] { rows.map { EuclideanDistance.between($0, base) } }

    /// Shortens rows to at most `bound` from the base.
    mutating func clip(norms: [Double], bound: Double) {
        for row in scales.indices where norms[row] > bound { scales[row] = bound / norms[row] }
    }

    /// Copies columns of all rows, `[n, columns.count]`, row after row.
    func load(_ columns: Range<Int>, into block: UnsafeMutablePointer<Float>) {
        base.withUnsafeBufferPointer { base in
            for row in rows.indices {
                let target = block + row * columns.count
                let scale = scales[row]
                rows[row].withUnsafeBufferPointer { values in
                    guard let values = values.baseAddress, let base = base.baseAddress else { return }
                    let (value, origin) = (values + columns.lowerBound, base + columns.lowerBound)
                    if scale == 1 {
                        target.update(from: value, count: columns.count)
                    } else {
                        for i in 0..<columns.count {
                            target[i] = Float(Double(origin[i]) + (Double(value[i]) - Double(origin[i])) * scale)
                        }
                    }
                }
            }
        }
    }

    /// Copies columns of all rows as differences from the base, `[n, columns.count]`, row after row.
    func loadDifferences(_ columns: Range<Int>, into block: UnsafeMutablePointer<Double>) {
        base.withUnsafeBufferPointer { base in
            for row in rows.indices {
                let target = block + row * columns.count
                let scale = scales[row]
                rows[row].withUnsafeBufferPointer { values in
                    guard let values = values.baseAddress, let base = base.baseAddress else { return }
                    let (value, origin) = (values + columns.lowerBound, base + columns.lowerBound)
                    for i in 0..<columns.count { target[i] = (Double(value[i]) - Double(origin[i])) * scale }
                }
            }
        }
    }

    /// The mean of some rows as they came, each counting the same, added up in agent order: `[P]`.
    func mean(of selected: [Int]) -> ParameterVector {
        let selected = selected.sorted()
        var sum = WeightedSum(count: columnCount)
        sum.add(selected.map { rows[$0] }, weights: selected.map { _ in 1 })
        return sum.average() ?? base
    }
}
