// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Updates that are in memory already.
public struct ContributedUpdates: UpdateSource {
    public let contributors: [Contributor]
    private let rows: [ParameterVector]

    /// Sorts contributions by agent.
    ///
    /// Sorting fixes the order of floating-point additions, so no result depends on who was fastest.
    public init(_ contributions: [Contribution]) {
        let sorted = contributions.sorted { $0.agent < $1.agent }
        contributors = sorted.map { Contributor(agent: $0.agent, windows: $0.windows, staleness: $0.staleness) }
        rows = sorted.map(\.parameters)
    }

    /// A cache line's worth and a few more: smaller pieces would spend their time on being asked for.
    public var columnsAtOnce: Int { 64 }

    /// Many: they are in memory anyway.
    public var rowsAtOnce: Int { 64 }

    public func readEach(
        _ body: (_ row: Int, _ parameters: ParameterVector) throws(AggregationError) -> Void
    ) throws(AggregationError) {
        for (row, parameters) in rows.enumerated() { try body(row, parameters) }
    }

    public func load(_ columns: Range<Int>, of row: Int, into target: UnsafeMutablePointer<Float>) {
        rows[row].withUnsafeBufferPointer { values in
            guard let values = values.baseAddress else { return }
            target.update(from: values + columns.lowerBound, count: columns.count)
        }
    }
}
