// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

/// Updates as they come from disk: lent one by one, columns in pieces of an odd size, and perhaps not readable.
private final class SlowUpdates: UpdateSource {
    let contributors: [Contributor]
    let columnsAtOnce: Int
    private let rows: [ParameterVector]
    private let broken: Int?

    init(_ contributions: [Contribution], columnsAtOnce: Int, broken: Int? = nil) {
        let sorted = contributions.sorted { $0.agent < $1.agent }
        contributors = sorted.map { Contributor(agent: $0.agent, windows: $0.windows) }
        rows = sorted.map(\.parameters)
        self.columnsAtOnce = columnsAtOnce
        self.broken = broken
    }

    func readEach(
        _ body: (_ row: Int, _ parameters: ParameterVector) throws(AggregationError) -> Void
    ) throws(AggregationError) {
        for row in rows.indices { try body(row, rows[row]) }
    }

    func load(_ columns: Range<Int>, of row: Int, into target: UnsafeMutablePointer<Float>) throws(AggregationError) {
        guard row != broken else { throw .unreadable(agent: contributors[row].agent, reason: "the disk is gone") }
        for (position, column) in columns.enumerated() { target[position] = rows[row][column] }
    }
}

@Suite("Updates that are read piece by piece", .serialized)
struct UpdateSourceTests {
    private let rules: [any AggregationStrategy] =
        robustRules + [
            FederatedAveraging(maximumWeight: 1000), NormClipping(FederatedAveraging(maximumWeight: 1000), factor: 3),
            NormClipping(CoordinateMedian(), factor: 0.5), FedBuff(),
        ]

    @Test("every rule gives the same bits from memory, in pieces of any size, and on any number of threads")
    func sameBits() throws {
        defer { Workers.use(1) }
        let contributions = try crowd(23, parameters: 3001)
        let base = ParameterVector(repeating: 0.3, count: 3001)
        for rule in rules {
            Workers.use(1)
            let expected = try rule.aggregate(contributions, onto: base).values.map(\.bitPattern)
            for threads in [1, 2, 5] {
                Workers.use(threads)
                for size in [1, 500, 1024, 100_000] {
                    let source = SlowUpdates(contributions.reversed(), columnsAtOnce: size)
                    let found = try rule.aggregate(source, onto: base).values.map(\.bitPattern)
                    #expect(found == expected, "\(rule.name), \(threads) threads, \(size) columns at once")
                }
            }
        }
    }

    @Test("an update that can not be read stops the round by name, on any number of threads")
    func unreadable() throws {
        defer { Workers.use(1) }
        let contributions = try crowd(9, parameters: 700)
        let source = SlowUpdates(contributions, columnsAtOnce: 64, broken: 4)
        let expected = AggregationError.unreadable(agent: source.contributors[4].agent, reason: "the disk is gone")
        for threads in [1, 3] {
            Workers.use(threads)
            for rule in [CoordinateMedian(), RobustAggregation()] as [any AggregationStrategy] {
                #expect(throws: expected) {
                    try rule.aggregate(source, onto: ParameterVector(repeating: 0, count: 700))
                }
            }
        }
    }

    @Test("clipping in the same pass as the mean is clipping before it", arguments: [1, 2, 4, 7, 13])
    func fusedClipping(agents: Int) throws {
        let contributions = try (0..<agents).map { number in
            let length: Float = number % 3 == 2 ? 40 : 1
            return try contribution(
                "agent-\(number)", (0..<131).map { Float(($0 * 7 + number * 3) % 11 - 5) * length }, windows: 5 + number
            )
        }
        let base = ParameterVector(repeating: 0.25, count: 131)
        let norms = contributions.map { update in
            update.parameters.values.reduce(0) { $0 + (Double($1) - 0.25) * (Double($1) - 0.25) }.squareRoot()
        }
        let bound = 2 * norms.sorted()[(agents - 1) / 2]
        let weights = contributions.map { Double($0.windows) }
        let expected = (0..<131).map { column in
            let sum = contributions.indices.reduce(0.0) { sum, row in
                let way = Double(contributions[row].parameters[column]) - 0.25
                return sum + weights[row] * (0.25 + way * min(1, bound / norms[row]))
            }
            return sum / weights.reduce(0, +)
        }

        let result = try NormClipping(FederatedAveraging(maximumWeight: 1000), factor: 2)
            .aggregate(contributions, onto: base)

        #expect(isClose(result, expected, within: 1e-5))
    }

    @Test("work in pieces is done once each, and the first failure is told")
    func workers() {
        defer { Workers.use(1) }
        for threads in [1, 4] {
            Workers.use(threads)
            var done = [Int](repeating: 0, count: 100)
            done.withUnsafeMutableBufferPointer { done in Workers.perform(100) { done[$0] += 1 } }
            #expect(done.allSatisfy { $0 == 1 })
            #expect(throws: AggregationError.noValues(channel: 7)) {
                try Workers.perform(20) { (piece) throws(AggregationError) in
                    if piece >= 7 { throw .noValues(channel: piece) }
                }
            }
            Workers.perform(0) { _ in Issue.record("there is nothing to do") }
        }
    }
}
