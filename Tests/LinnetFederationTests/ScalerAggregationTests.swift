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
