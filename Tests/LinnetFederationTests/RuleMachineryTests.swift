// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

/// The fast ways hold beside slow ones that are plainly right, over shapes that fit no block.
@Suite("Fast rules against plain ones")
struct RuleMachineryTests {
    private static let shapes = [
        (1, 1), (2, 3), (3, 513), (4, 17), (5, 1), (8, 600), (9, 33), (31, 15), (64, 130), (101, 97), (257, 19),
        (513, 40),
    ]

    private func columns(_ contributions: [Contribution]) -> [[Double]] {
        contributions[0].parameters.values.indices.map { column in
            contributions.map { Double($0.parameters[column]) }.sorted()
        }
    }

    @Test("the median of every column is the middle of the sorted column", arguments: shapes)
    func median(agents: Int, parameters: Int) throws {
        let contributions = try crowd(agents, parameters: parameters)
        let expected = columns(contributions).map { ($0[(agents - 1) / 2] + $0[agents / 2]) / 2 }

        let result = try CoordinateMedian().aggregate(
            contributions, onto: ParameterVector(repeating: 0, count: parameters))

        #expect(result.values == expected.map { Float($0) })
    }

    @Test("the trimmed mean of every column is the mean of the sorted column's middle", arguments: shapes)
    func trimmed(agents: Int, parameters: Int) throws {
        let contributions = try crowd(agents, parameters: parameters)
        for share in [0, 0.1, 0.2, 0.3, 0.49] {
            let rule = TrimmedMean(share: share)
            let dropped = rule.trimmed(of: agents)
            let expected = columns(contributions).map { column in
                column[dropped..<agents - dropped].reduce(0, +) / Double(agents - 2 * dropped)
            }

            let result = try rule.aggregate(contributions, onto: ParameterVector(repeating: 0, count: parameters))

            #expect(isClose(result, expected))
        }
    }

    @Test("shares that Double can not hold exactly drop as many values as one would count")
    func shares() {
        #expect(TrimmedMean(share: 0.29).trimmed(of: 100) == 29)
        #expect(TrimmedMean(share: 0.2).trimmed(of: 5) == 1)
        #expect(TrimmedMean(share: 0.2).trimmed(of: 4) == 0)
        #expect(TrimmedMean(share: 0.1).trimmed(of: 30) == 3)
    }

    /// Krum, Multi-Krum and Bulyan written down as the papers have them.
    private func plainRanking(_ rows: [[Double]], _ remaining: [Int], neighbours: Int) -> [Int] {
        func distance(_ a: [Double], _ b: [Double]) -> Double {
            zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        let scores = remaining.map { i in
            (
                i,
                remaining.filter { $0 != i }.map { distance(rows[i], rows[$0]) }.sorted().prefix(neighbours).reduce(
                    0, +)
            )
        }
        return scores.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.0)
    }

    @Test(
        "Multi-Krum and Krum choose what the definition chooses",
        arguments: [(7, 1, 40), (12, 3, 300), (23, 10, 5), (90, 20, 12)])
    func krum(agents: Int, malicious: Int, parameters: Int) throws {
        let contributions = try crowd(agents, parameters: parameters, malicious: malicious, at: 4).sorted {
            $0.agent < $1.agent
        }
        let base = ParameterVector(repeating: 0.3, count: parameters)
        let rows = contributions.map { $0.parameters.values.map { Double($0) } }
        let ranking = plainRanking(rows, Array(rows.indices), neighbours: agents - malicious - 2)

        let selection = try MultiKrum(maximumMalicious: malicious).selection(of: contributions, base: base)

        #expect(
            selection == ranking.prefix(agents - malicious - 2).sorted().map { contributions[$0].agent })
        #expect(
            try Krum(maximumMalicious: malicious).aggregate(contributions, onto: base)
                == contributions[ranking[0]].parameters)
    }

    @Test("Bulyan is what the definition says, column by column", arguments: [(7, 1, 40), (15, 3, 70), (11, 2, 5)])
    func bulyan(agents: Int, malicious: Int, parameters: Int) throws {
        let contributions = try crowd(agents, parameters: parameters, malicious: malicious, at: 4).sorted {
            $0.agent < $1.agent
        }
        let rows = contributions.map { $0.parameters.values.map { Double($0) } }
        var remaining = Array(rows.indices)
        var chosen: [Int] = []
        while chosen.count < agents - 2 * malicious {
            let best = plainRanking(rows, remaining, neighbours: max(1, remaining.count - malicious - 2))[0]
            chosen.append(best)
            remaining.removeAll { $0 == best }
        }
        let expected = (0..<parameters).map { column in
            let values = chosen.map { rows[$0][column] }.sorted()
            let median = (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
            let kept = values.sorted { abs($0 - median) < abs($1 - median) }.prefix(agents - 4 * malicious)
            return kept.reduce(0, +) / Double(kept.count)
        }

        let result = try Bulyan(maximumMalicious: malicious).aggregate(
            contributions, onto: ParameterVector(repeating: 0.3, count: parameters))

        #expect(isClose(result, expected))
    }

    @Test("distances between updates that are alike are not lost beside their length")
    func cancellation() throws {
        // All moved by 1000 from the base, and differ by hundredths: in Float the squares would differ by nothing.
        let offsets: [Float] = [0, 0.0625, 0.125, 0.25, 0.3125, 4, 8]
        let contributions = try offsets.enumerated().map { position, offset in
            try contribution("agent-\(position)", [Float](repeating: 1000 + offset, count: 64))
        }

        let selection = try MultiKrum(maximumMalicious: 2, selected: 5).selection(
            of: contributions, base: ParameterVector(repeating: 0, count: 64))

        #expect(selection.map(\.rawValue) == (0..<5).map { "agent-\($0)" })
    }

    @Test("a sum over many vectors has the bits of one vector after the other", arguments: [1, 3, 4, 7, 8, 13, 70])
    func sums(count: Int) throws {
        let contributions = try crowd(count, parameters: 5000)
        let weights = contributions.map { Double($0.windows) }
        var one = WeightedSum(count: 5000)
        for (contribution, weight) in zip(contributions, weights) { one.add(contribution.parameters, weight: weight) }
        var all = WeightedSum(count: 5000)
        all.add(contributions.map(\.parameters), weights: weights)

        #expect(one.average()?.values.map(\.bitPattern) == all.average()?.values.map(\.bitPattern))
        #expect(WeightedSum(count: 3).average() == nil)
    }

    @Test("a number that is not finite shows in a sum whatever its weight, and its agent is named")
    func notFinite() throws {
        var sum = WeightedSum(count: 2)
        sum.add(ParameterVector([1, 2]), weight: 3)
        #expect(sum.isFinite)
        sum.add(ParameterVector([.nan, 2]), weight: 0)
        #expect(!sum.isFinite)

        let contributions = try crowd(9, parameters: 2) + [contribution("agent-x", [1, -.infinity], windows: 0)]
        for rule in [
            FederatedAveraging(maximumWeight: 9),
            NormClipping(FederatedAveraging(maximumWeight: 9), factor: 1),
        ] as [any AggregationStrategy] {
            #expect(throws: AggregationError.notFinite(agent: try AgentID("agent-x"))) {
                try rule.aggregate(contributions, onto: ParameterVector([0, 0]))
            }
        }
    }

    @Test(
        "a mixed row is the mean of its nearest rows, itself included",
        arguments: [(5, 1, 9), (9, 4, 20), (23, 7, 65), (80, 20, 9)])
    func mixing(agents: Int, malicious: Int, parameters: Int) throws {
        let contributions = try crowd(agents, parameters: parameters, malicious: malicious, at: 3)
        let rows = contributions.map { $0.parameters.values.map { Double($0) } }
        let mixed = rows.map { row in
            let nearest = rows.sorted { a, b in
                zip(a, row).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                    < zip(b, row).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            }.prefix(agents - malicious)
            return row.indices.map { column in nearest.reduce(0) { $0 + $1[column] } / Double(nearest.count) }
        }
        let expected = (0..<parameters).map { column in
            let values = mixed.map { $0[column] }.sorted()
            return (values[(agents - 1) / 2] + values[agents / 2]) / 2
        }

        let result = try NearestNeighbourMixing(CoordinateMedian(), maximumMalicious: malicious)
            .aggregate(contributions, onto: ParameterVector(repeating: 0.3, count: parameters))

        #expect(isClose(result, expected))
    }

    @Test("more agents than can be compared in pairs are refused before anything is allocated for them")
    func tooMany() throws {
        let contributions = try (0..<4097).map { try contribution("agent-\($0)", [0]) }
        let rule = Krum(maximumMalicious: 1)

        #expect(throws: AggregationError.tooManyForRule(rule: rule.name, found: 4097, maximum: 4096)) {
            try rule.aggregate(contributions, onto: ParameterVector([0]))
        }
        // The default goes on without comparing.
        #expect(try RobustAggregation().aggregate(contributions, onto: ParameterVector([0])).values == [0])
    }
}
