// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

func contribution(_ agent: String, _ values: [Float], windows: Int = 10) throws -> Contribution {
    Contribution(agent: try AgentID(agent), parameters: ParameterVector(values), windows: windows)
}

func isClose(_ vector: ParameterVector, _ expected: [Double], within tolerance: Double = 1e-6) -> Bool {
    vector.count == expected.count
        && zip(vector.values, expected).allSatisfy { abs(Double($0) - $1) <= tolerance * max(1, abs($1)) }
}

/// The seven clients of the published vectors: two numbers each, with 10, 20, … 70 windows; the fifth one is hostile.
func sevenClients() throws -> [Contribution] {
    let values: [[Float]] = [[1, 2], [2, 1], [3, 3], [2, 2], [100, -100], [1.5, 2.5], [2.5, 1.5]]
    return try values.enumerated().map { position, values in
        try contribution("agent-\(position)", values, windows: 10 * (position + 1))
    }
}

@Suite("Federated averaging")
struct FederatedAveragingTests {
    private let rule = FederatedAveraging(maximumWeight: 1_000_000)
    private let origin = ParameterVector(repeating: 0, count: 2)

    @Test("agrees with Flower's FedAvg on seven clients")
    func vector() throws {
        // flwr 1.41.0: [19.589286, -16.196429].
        let average = try rule.aggregate(sevenClients(), onto: origin)

        #expect(isClose(average, [19.589286, -16.196429]))
    }

    @Test("gives the same bits in whatever order updates arrive")
    func order() throws {
        var generator = SeededGenerator(seed: 5)
        var contributions = try (0..<25).map { agent in
            try contribution(
                "agent-\(agent)", (0..<257).map { _ in Float(generator.gaussian()) },
                windows: 1 + Int(generator.uniform() * 10_000))
        }
        let base = ParameterVector(repeating: 0.1, count: 257)
        let clipped = NormClipping(rule, factor: 1.1)
        let first = try rule.aggregate(contributions, onto: base).values.map(\.bitPattern)
        let firstClipped = try clipped.aggregate(contributions, onto: base).values.map(\.bitPattern)

        for _ in 0..<20 {
            contributions.shuffle(using: &generator)
            #expect(try rule.aggregate(contributions, onto: base).values.map(\.bitPattern) == first)
            #expect(try clipped.aggregate(contributions, onto: base).values.map(\.bitPattern) == firstClipped)
        }
    }

    @Test("a claim of a trillion windows counts for no more than the largest weight")
    func hugeClaim() throws {
        let rule = FederatedAveraging(maximumWeight: 100)
        let contributions = try [
            contribution("a", [0, 0], windows: 100), contribution("b", [1, 1], windows: .max),
            contribution("c", [0, 0], windows: 100), contribution("d", [0, 0], windows: -5),
        ]

        #expect(isClose(try rule.aggregate(contributions, onto: origin), [1.0 / 3, 1.0 / 3]))
    }

    @Test("without a single window there is nothing to weigh by")
    func noWeight() throws {
        let contributions = try [contribution("a", [1, 1], windows: 0), contribution("b", [2, 2], windows: .min)]

        #expect(throws: AggregationError.noWeight) { try rule.aggregate(contributions, onto: origin) }
        #expect(throws: AggregationError.noContributions) { try rule.aggregate([], onto: origin) }
    }

    @Test(
        "one contribution that is not finite, of another shape or sent twice stops the whole", arguments: [true, false])
    func unfit(clips: Bool) throws {
        let rule: any AggregationStrategy = clips ? NormClipping(rule, factor: 3) : rule
        let good = try contribution("a", [1, 1])
        let agent = try AgentID("b")

        for poison in [Float.nan, .infinity, -.infinity, .signalingNaN] {
            #expect(throws: AggregationError.notFinite(agent: agent)) {
                try rule.aggregate([good, contribution("b", [1, poison])], onto: origin)
            }
        }
        // A rule that broadcasts would take this one for [1, 1].
        #expect(throws: AggregationError.wrongShape(agent: agent, found: 1, expected: 2)) {
            try rule.aggregate([good, contribution("b", [1])], onto: origin)
        }
        #expect(throws: AggregationError.duplicateAgent(agent)) {
            try rule.aggregate([contribution("b", [1, 1]), good, contribution("b", [1, 1])], onto: origin)
        }
        #expect(throws: AggregationError.baseNotFinite) {
            try rule.aggregate([good], onto: ParameterVector([0, .nan]))
        }
    }

    @Test("finite contributions at the ends of Float's range stay finite")
    func extremes() throws {
        let most = Float.greatestFiniteMagnitude
        let contributions = try [contribution("a", [most, -most]), contribution("b", [most, most])]

        let average = try rule.aggregate(contributions, onto: origin)

        #expect(average.isFinite)
        #expect(average.values == [most, 0])
        #expect(try NormClipping(rule, factor: 1).aggregate(contributions, onto: ParameterVector([-most, 0])).isFinite)
    }
}

@Suite("Norm clipping")
struct NormClippingTests {
    private let origin = ParameterVector(repeating: 0, count: 2)

    @Test("the hostile client of seven moves the average by no more than its share of the bound")
    func bounded() throws {
        let average = try NormClipping(FederatedAveraging(maximumWeight: 1000), factor: 3)
            .aggregate(sevenClients(), onto: origin)

        // Norms: 2.236, 2.236, 4.243, 2.828, 141.4, 2.915, 2.915; the median is 2.91548, the bound 8.74643. The hostile
        // update becomes [6.184658, -6.184658]; then FedAvg gives (485 + 309.2329) / 280 and (465 - 309.2329) / 280.
        #expect(isClose(average, [2.836546, 0.556311], within: 1e-5))
    }

    @Test("updates within the bound pass unchanged")
    func unchanged() throws {
        let rule = FederatedAveraging(maximumWeight: 1000)
        let contributions = try [
            contribution("a", [1, 2]), contribution("b", [2, 1]), contribution("c", [-1.5, 1.5]),
        ]

        #expect(
            try NormClipping(rule, factor: 3).aggregate(contributions, onto: origin)
                == rule.aggregate(contributions, onto: origin))
    }

    @Test("lengths are measured from the base, not from zero")
    func fromBase() throws {
        let base = ParameterVector([1000, 1000])
        let contributions = try [
            contribution("a", [1001, 1000]), contribution("b", [1000, 1001]), contribution("c", [1000, 1100]),
        ]

        let average = try NormClipping(FederatedAveraging(maximumWeight: 1000), factor: 2)
            .aggregate(contributions, onto: base)

        #expect(isClose(average, [1000 + 1.0 / 3, 1001]))
    }

    @Test("of two participants, the calmer one sets the measure")
    func ofTwo() throws {
        let average = try NormClipping(FederatedAveraging(maximumWeight: 1000), factor: 3)
            .aggregate([contribution("a", [1, 0]), contribution("b", [0, 1e30])], onto: origin)

        #expect(isClose(average, [0.5, 1.5]))
    }

    @Test("where most did not move, nobody moves the model")
    func stillMajority() throws {
        let average = try NormClipping(FederatedAveraging(maximumWeight: 1000), factor: 3).aggregate(
            [contribution("a", [0, 0]), contribution("b", [0, 0]), contribution("c", [9, 9])], onto: origin)

        #expect(average.values == [0, 0])
    }

    @Test("a rule's name says what it does, for the audit trail")
    func names() {
        #expect(
            NormClipping(FederatedAveraging(maximumWeight: 1000), factor: 3).name
                == "clipped(3.0 x median) fedavg(weight up to 1000)")
    }
}
