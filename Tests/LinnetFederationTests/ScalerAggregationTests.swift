// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

@Suite("Pooling statistics into a scaler")
struct ScalerAggregationTests {
    private func moments(_ values: [Double]) -> ChannelMoments {
        var moments = ChannelMoments()
        for value in values { moments.add(value) }
        return moments
    }

    private func normal(_ count: Int, mean: Double, deviation: Double, seed: UInt64) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in mean + deviation * generator.gaussian() }
    }

    private func agents(_ lists: [[ChannelMoments]]) throws -> [(AgentID, [ChannelMoments])] {
        try lists.enumerated().map { (try AgentID("agent-\($0)"), $1) }
    }

    @Test("agents that are alike give the moments of all their values together")
    func pooled() throws {
        let data = (0..<4).map { normal(500, mean: Double($0) * 0.1, deviation: 2, seed: UInt64($0)) }
        let whole = moments(data.flatMap { $0 })

        let (means, deviations) = try ScalerAggregation.scaler(
            from: agents(data.map { [moments($0)] }), channelCount: 1, minimumContributors: 2)

        #expect(abs(means[0] - whole.mean) < 1e-12)
        #expect(abs(deviations[0] - whole.standardDeviation) < 1e-12)
    }

    @Test("a range scaler spans what all agents have seen, and one absurd sensor does not set it")
    func range() throws {
        let lists = try agents([[moments([-1, 2])], [moments([-3, 1])], [moments([-2, 2])]])
        let (middles, halves) = try ScalerAggregation.rangeScaler(from: lists, channelCount: 1, minimumContributors: 2)
        #expect(abs(middles[0] + 0.5) < 1e-12 && abs(halves[0] - 2.5) < 1e-12)

        let attacked = try agents([
            [moments([-1, 2])], [moments([-3, 1])], [moments([-2, 2])], [moments([-1e9, 3e9])],
        ])
        let (_, held) = try ScalerAggregation.rangeScaler(from: attacked, channelCount: 1, minimumContributors: 2)
        #expect(held[0] < 30)
        let still = try agents([[moments([4])], [moments([4])]])
        let (center, none) = try ScalerAggregation.rangeScaler(from: still, channelCount: 1, minimumContributors: 2)
        #expect(center[0] == 4 && none[0] == 0)
        #expect(throws: AggregationError.self) {
            try ScalerAggregation.rangeScaler(from: lists, channelCount: 2, minimumContributors: 2)
        }
    }

    @Test("gives the same bits in whatever order statistics arrive")
    func order() throws {
        var generator = SeededGenerator(seed: 3)
        var contributions = try agents(
            (0..<9).map { agent in
                (0..<3).map { moments(normal(100, mean: Double($0), deviation: 1, seed: UInt64(agent * 3 + $0))) }
            })
        let first = try ScalerAggregation.scaler(from: contributions, channelCount: 3, minimumContributors: 2)

        for _ in 0..<10 {
            contributions.shuffle(using: &generator)
            let again = try ScalerAggregation.scaler(from: contributions, channelCount: 3, minimumContributors: 2)
            #expect(again.means.map(\.bitPattern) == first.means.map(\.bitPattern))
            #expect(again.standardDeviations.map(\.bitPattern) == first.standardDeviations.map(\.bitPattern))
        }
    }

    @Test("one agent with absurd values does not set the scale")
    func absurdAgent() throws {
        let honest = (0..<4).map { [moments(normal(500, mean: 0, deviation: 1, seed: UInt64($0)))] }
        for hostile in [
            moments([-1e12, 1e12]), moments(Array(repeating: 1e15, count: 50_000)), moments([1e17, -1e17]),
        ] {
            let (means, deviations) = try ScalerAggregation.scaler(
                from: agents(honest + [[hostile]]), channelCount: 1, minimumContributors: 2)

            #expect(abs(means[0]) < 3)
            #expect(deviations[0] > 0.9 && deviations[0] < 4)
        }
    }

    @Test("one agent with a trillion values counts for no more than four others")
    func hugeCount() throws {
        let json = #"{"count":1000000000000,"mean":1,"squaredDeviations":1e12,"minimum":-5,"maximum":7}"#
        let claimed = try JSONDecoder().decode(ChannelMoments.self, from: Data(json.utf8))
        let honest = (0..<4).map { [moments(normal(500, mean: 0, deviation: 1, seed: UInt64($0)))] }

        let (means, _) = try ScalerAggregation.scaler(
            from: agents(honest + [[claimed]]), channelCount: 1, minimumContributors: 2)

        #expect(abs(means[0] - 0.5) < 0.05)
    }

    @Test("where most machines stand still, the few that move set the scale")
    func mostlyConstant() throws {
        let still = [moments(Array(repeating: 3, count: 100))]
        let moving = [moments(normal(100, mean: 3, deviation: 8, seed: 1))]

        let (_, deviations) = try ScalerAggregation.scaler(
            from: agents([still, still, still, moving]), channelCount: 1, minimumContributors: 2)
        #expect(deviations[0] > 3)

        let constant = try ScalerAggregation.scaler(
            from: agents([still, still]), channelCount: 1, minimumContributors: 2)
        #expect(constant.means == [3])
        #expect(constant.standardDeviations == [0])
    }

    @Test("statistics that no data can have, or of another shape, are refused")
    func refused() throws {
        let good = [moments([1, 2, 3]), moments([4, 5])]
        let poison = [moments([1, 2]), moments([1e30, -1e30])]
        func scale(_ lists: [[ChannelMoments]], minimum: Int = 1) throws {
            _ = try ScalerAggregation.scaler(from: agents(lists), channelCount: 2, minimumContributors: minimum)
        }

        #expect(throws: AggregationError.implausible(agent: try AgentID("agent-1"), channel: 1)) {
            try scale([good, poison])
        }
        #expect(throws: AggregationError.wrongShape(agent: try AgentID("agent-1"), found: 1, expected: 2)) {
            try scale([good, [moments([1])]])
        }
        #expect(throws: AggregationError.tooFewContributors(found: 1, minimum: 2)) { try scale([good], minimum: 2) }
        #expect(throws: AggregationError.noContributions) { try scale([], minimum: 0) }
        #expect(throws: AggregationError.noValues(channel: 1)) { try scale([[moments([1]), ChannelMoments()]]) }
        let twice = [(try AgentID("a"), good), (try AgentID("a"), good)]
        #expect(throws: AggregationError.duplicateAgent(try AgentID("a"))) {
            try ScalerAggregation.scaler(from: twice, channelCount: 2, minimumContributors: 1)
        }
        let screening = UpdateScreening(maximumNorm: 1)
        #expect(throws: UpdateRefusal.implausible(channel: 1)) {
            try screening.screen(moments: poison, channelCount: 2)
        }
        #expect(throws: UpdateRefusal.wrongShape(found: 2, expected: 3)) {
            try screening.screen(moments: good, channelCount: 3)
        }
        try screening.screen(moments: good, channelCount: 2)
    }
}

@Suite("Pooling distributions into a robust scaler")
struct RobustScalerTests {
    private typealias Statistics = (agent: AgentID, moments: [ChannelMoments], sketches: [QuantileSketch])

    private func statistics(_ agent: Int, _ channels: [[Double]]) throws -> Statistics {
        let moments = channels.map { values in values.reduce(into: ChannelMoments()) { $0.add($1) } }
        let sketches = channels.map { values in
            var sketch = QuantileSketch()
            sketch.add(values)
            return sketch
        }
        return (try AgentID("agent-\(agent)"), moments, sketches)
    }

    private func normal(_ count: Int, mean: Double = 0, deviation: Double, seed: UInt64) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in mean + deviation * generator.gaussian() }
    }

    private func scaler(_ fleet: [Statistics]) throws -> (centers: [Double], spreads: [Double]) {
        try ScalerAggregation.robustScaler(from: fleet, channelCount: 1, minimumContributors: 2)
    }

    @Test("of normal data it is mean and deviation")
    func normal() throws {
        let fleet = try (0..<8).map { try statistics($0, [normal(4000, mean: 3, deviation: 2, seed: UInt64($0))]) }
        let (centers, spreads) = try scaler(fleet)

        #expect(abs(centers[0] - 3) < 0.05)
        #expect(abs(spreads[0] - 2) < 0.05)
    }

    @Test("outliers in every tenth value do not move it, where they blow up the deviation")
    func outliers() throws {
        let fleet = try (0..<8).map { agent in
            var values = normal(2000, deviation: 1, seed: UInt64(agent))
            for i in stride(from: 0, to: values.count, by: 10) { values[i] = 500 }
            return try statistics(agent, [values])
        }
        let standard = try ScalerAggregation.scaler(
            from: fleet.map { ($0.agent, $0.moments) }, channelCount: 1, minimumContributors: 2)

        let (centers, spreads) = try scaler(fleet)

        #expect(standard.standardDeviations[0] > 100)
        // A tenth of all values at one end moves the quartiles by a few hundredths of the ranks.
        #expect(abs(centers[0]) < 0.25)
        #expect((0.9...1.3).contains(spreads[0]))
    }

    @Test("one agent that claims far more values than the others counts for four times the median")
    func greedy() throws {
        var fleet = try (0..<9).map { try statistics($0, [normal(1000, deviation: 1, seed: UInt64($0))]) }
        fleet.append(try statistics(9, [normal(90_000, mean: 100, deviation: 1, seed: 9)]))

        let (centers, _) = try scaler(fleet)

        // 4000 of 13,000 values are its: the median is still among the others'.
        #expect(centers[0] < 3)
    }

    @Test("a channel that mostly stands still takes the standard deviation, and one without any value is refused")
    func still() throws {
        let still = [Double](repeating: 0, count: 900) + normal(100, deviation: 1, seed: 1)
        let fleet = try (0..<3).map { try statistics($0, [still]) }
        let standard = try ScalerAggregation.scaler(
            from: fleet.map { ($0.agent, $0.moments) }, channelCount: 1, minimumContributors: 2)

        #expect(try scaler(fleet).spreads == standard.standardDeviations)
        #expect(throws: AggregationError.noValues(channel: 0)) { try scaler((0..<3).map { try statistics($0, [[]]) }) }
    }

    @Test("the same bits come out in whatever order statistics arrive")
    func order() throws {
        var generator = SeededGenerator(seed: 4)
        var fleet = try (0..<9).map { try statistics($0, [normal(100 + 70 * $0, deviation: 1, seed: UInt64($0))]) }
        let first = try scaler(fleet)
        for _ in 0..<10 {
            fleet.shuffle(using: &generator)
            #expect(try scaler(fleet) == first)
        }
    }

    @Test("a distribution of other values than the moments beside it is refused, on arrival and when it is pooled")
    func lies() throws {
        let honest = try (0..<3).map { try statistics($0, [normal(100, deviation: 1, seed: UInt64($0))]) }
        let screening = UpdateScreening(maximumNorm: 1)
        try screening.screen(moments: honest[0].moments, sketches: honest[0].sketches, channelCount: 1)
        var lies = [QuantileSketch()]
        lies.append(QuantileSketch(centroids: [.init(mean: 1, weight: 99)], minimum: 1, maximum: 1))
        lies.append(QuantileSketch(centroids: [.init(mean: .nan, weight: 100)], minimum: 1, maximum: 1))
        lies.append(QuantileSketch(centroids: [.init(mean: 1e30, weight: 100)], minimum: 1, maximum: 2e30))
        lies.append(QuantileSketch(centroids: [.init(mean: 5, weight: 100)], minimum: 6, maximum: 7))
        for lie in lies {
            var fleet = honest
            fleet[1].sketches = [lie]
            #expect(throws: AggregationError.implausible(agent: fleet[1].agent, channel: 0)) { try scaler(fleet) }
            #expect(throws: UpdateRefusal.implausible(channel: 0)) {
                try screening.screen(moments: fleet[1].moments, sketches: [lie], channelCount: 1)
            }
        }
        #expect(throws: UpdateRefusal.wrongShape(found: 5, expected: 1)) {
            try screening.screen(moments: honest[0].moments, sketches: lies, channelCount: 1)
        }
    }
}
