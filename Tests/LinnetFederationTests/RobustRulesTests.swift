// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

/// Agents whose numbers are drawn around a point, the last `malicious` of them all far away on one side.
func crowd(
    _ count: Int, parameters: Int, malicious: Int = 0, at distance: Float = 1000, seed: UInt64 = 11
) throws -> [Contribution] {
    var generator = SeededGenerator(seed: seed)
    return try (0..<count).map { agent in
        let isMalicious = agent >= count - malicious
        return try contribution(
            "agent-\(agent)", (0..<parameters).map { _ in Float(generator.gaussian()) + (isMalicious ? distance : 1) },
            windows: 1 + Int(generator.uniform() * 1000))
    }
}

/// The three rows of ByzFL's examples.
private func threeRows() throws -> [Contribution] {
    try [contribution("a", [1, 2, 3]), contribution("b", [4, 5, 6]), contribution("c", [7, 8, 9])]
}

/// Every rule that promises to withstand one malicious agent of seven.
let robustRules: [any AggregationStrategy] = [
    CoordinateMedian(), TrimmedMean(share: 0.2), GeometricMedian(), Krum(maximumMalicious: 1),
    MultiKrum(maximumMalicious: 1), MultiKrum(maximumMalicious: 1, selected: 3), Bulyan(maximumMalicious: 1),
    NearestNeighbourMixing(TrimmedMean(share: 0.2), maximumMalicious: 1),
    NearestNeighbourMixing(GeometricMedian(), maximumMalicious: 1), RobustAggregation(),
]

@Suite("Robust rules against published vectors")
struct RobustVectorTests {
    private let origin = ParameterVector(repeating: 0, count: 2)

    @Test("median, trimmed mean and Krum agree with Flower on seven clients")
    func sevenClientsVector() throws {
        // As flwr 1.41.0 computes them.
        let clients = try sevenClients()

        #expect(isClose(try CoordinateMedian().aggregate(clients, onto: origin), [2, 2]))
        #expect(isClose(try TrimmedMean(share: 0.2).aggregate(clients, onto: origin), [2.2, 1.8]))
        #expect(isClose(try Krum(maximumMalicious: 1).aggregate(clients, onto: origin), [2, 2]))
    }

    @Test("Multi-Krum chooses the clients that Flower chooses, but averages them alike as the paper does")
    func multiKrumVector() throws {
        let clients = try sevenClients()
        let rule = MultiKrum(maximumMalicious: 1, selected: 3)

        let selection = try rule.selection(of: clients, base: origin)
        let chosen = clients.filter { selection.contains($0.agent) }

        #expect(selection.map(\.rawValue) == ["agent-3", "agent-5", "agent-6"])
        // Flower's [2.029412, 1.970588] is the mean weighted by claimed windows, which gives the lever back.
        let weighted = try FederatedAveraging(maximumWeight: 1000).aggregate(chosen, onto: origin)
        #expect(isClose(weighted, [2.029412, 1.970588]))
        #expect(isClose(try rule.aggregate(clients, onto: origin), [2, 2]))
    }

    @Test("median and trimmed mean agree with ByzFL on three rows")
    func threeRowsVector() throws {
        let base = ParameterVector(repeating: 0, count: 3)

        #expect(isClose(try CoordinateMedian().aggregate(threeRows(), onto: base), [4, 5, 6]))
        // One of three at each end.
        #expect(isClose(try TrimmedMean(share: 0.34).aggregate(threeRows(), onto: base), [4, 5, 6]))
    }

    @Test(
        "three rows with one malicious are too few for Krum and Multi-Krum, where ByzFL gives a result without a promise"
    )
    func threeRowsAreTooFew() throws {
        // ByzFL: Krum (1, 2, 3), Multi-Krum (2.5, 3.5, 4.5); the paper needs n >= 2f + 3 = 5.
        let base = ParameterVector(repeating: 0, count: 3)
        for rule in [Krum(maximumMalicious: 1), MultiKrum(maximumMalicious: 1)] as [any AggregationStrategy] {
            #expect(throws: AggregationError.tooFewForRule(rule: rule.name, found: 3, minimum: 5)) {
                try rule.aggregate(threeRows(), onto: base)
            }
        }
        // Without malicious ones three are enough: one neighbour each, three equal scores, the first agent by name.
        #expect(isClose(try Krum(maximumMalicious: 0).aggregate(threeRows(), onto: base), [1, 2, 3]))
        #expect(
            isClose(
                try MultiKrum(maximumMalicious: 0, selected: 2).aggregate(threeRows(), onto: base), [2.5, 3.5, 4.5]))
    }

    @Test("the geometric median takes ByzFL's steps, and goes on to the goal where ByzFL stops after three")
    func geometricMedianVector() throws {
        let base = ParameterVector(repeating: 0, count: 3)
        let rough = GeometricMedian(smoothing: 0.1, maximumSteps: 3, tolerance: 0, start: .base)

        #expect(
            isClose(try rough.aggregate(threeRows(), onto: base), [3.78788764, 4.78788764, 5.78788764], within: 1e-6))
        #expect(isClose(try GeometricMedian().aggregate(threeRows(), onto: base), [4, 5, 6]))
    }

    @Test("the geometric median of a triangle is its Fermat point")
    func fermatPoint() throws {
        // (0, 0), (6, 0), (0, 6): by symmetry on x = y, where (x - 3)·2/‖·‖ balances x·√2/‖·‖: x = 3 - √3.
        let corners = try [contribution("a", [0, 0]), contribution("b", [6, 0]), contribution("c", [0, 6])]
        let goal = 3 - 3.0.squareRoot()

        let found = try GeometricMedian(maximumSteps: 200, tolerance: 1e-9).aggregate(corners, onto: origin)

        #expect(isClose(found, [goal, goal]))
    }

    @Test("Bulyan repeats Krum as the paper does, and so chooses others of the seven clients than Flower in one pass")
    func bulyanVector() throws {
        let clients = try sevenClients()

        // Chosen in turn, by hand: [2, 2] with score 3; [1, 2], first of four with 5; [2.5, 1.5] with 2.5; [2, 1], first of
        // three with 2.5; [3, 3], first of two with 2.5. Median [2, 2]; the closest three are 2, 2, 2.5 and 2, 2, 1.5.
        #expect(isClose(try Bulyan(maximumMalicious: 1).aggregate(clients, onto: origin), [2.166667, 1.833333]))
        // Flower's one pass takes the five lowest scores instead: 1, 1.5, 2, 2, 2.5 and 1, 1.5, 2, 2, 2.5 around the same
        // median. The third closest is 1.5 or 2.5; it takes 2.5, and gives [2.166667, 2.166667].
        let onePass = try MultiKrum(maximumMalicious: 1, selected: 5).selection(of: clients, base: origin)
        #expect(onePass.map(\.rawValue) == ["agent-0", "agent-1", "agent-3", "agent-5", "agent-6"])
    }

    @Test("mixing replaces each row by the mean of its nearest, by hand")
    func mixing() throws {
        // f = 1 of four: each row becomes the mean of its nearest three.
        // 0 -> (0, 1, 3), 1 -> (0, 1, 3), 3 -> (0, 1, 3) and 100 -> (1, 3, 100), so 4/3 three times, and 34.667.
        let rows = try [0, 1, 3, 100].enumerated().map {
            try contribution("agent-\($0.offset)", [Float($0.element)])
        }
        let base = ParameterVector([0])

        let median = try NearestNeighbourMixing(CoordinateMedian(), maximumMalicious: 1).aggregate(rows, onto: base)
        let mean = try NearestNeighbourMixing(FederatedAveraging(maximumWeight: 1), maximumMalicious: 1)
            .aggregate(rows, onto: base)

        #expect(isClose(median, [4.0 / 3]))
        #expect(isClose(mean, [(3 * 4.0 / 3 + 104.0 / 3) / 4]))
    }
}

@Suite("What every robust rule promises")
struct RobustPromiseTests {
    @Test("the result is the same, bit for bit, in whatever order updates arrive", arguments: robustRules.indices)
    func order(index: Int) throws {
        let rule = robustRules[index]
        var generator = SeededGenerator(seed: 3)
        var contributions = try crowd(15, parameters: 77, malicious: 1)
        let base = ParameterVector(repeating: 0.5, count: 77)
        let first = try rule.aggregate(contributions, onto: base).values.map(\.bitPattern)

        for _ in 0..<8 {
            contributions.shuffle(using: &generator)
            #expect(try rule.aggregate(contributions, onto: base).values.map(\.bitPattern) == first, "\(rule.name)")
        }
    }

    @Test("one malicious agent of seven moves no parameter out of the honest values", arguments: robustRules.indices)
    func hull(index: Int) throws {
        let rule = robustRules[index]
        for (seed, lie) in zip(1..., [1e30, -1e30, 1e6, -50, 3, Float.greatestFiniteMagnitude]) {
            let honest = try crowd(6, parameters: 40, seed: UInt64(seed))
            let lies = try contribution("agent-3b", [Float](repeating: lie, count: 40), windows: .max)

            let result = try rule.aggregate(honest + [lies], onto: ParameterVector(repeating: 1, count: 40))

            for column in 0..<40 {
                let values = honest.map { $0.parameters[column] }
                let slack: Float = 1e-5
                #expect(
                    result[column] >= (values.min() ?? 0) - slack && result[column] <= (values.max() ?? 0) + slack,
                    "\(rule.name), seed \(seed), lie \(lie), column \(column)")
            }
        }
    }

    @Test("what is not finite, of another shape, or sent twice is refused", arguments: robustRules.indices)
    func unfit(index: Int) throws {
        let rule = robustRules[index]
        let base = ParameterVector(repeating: 0, count: 2)
        let honest = try crowd(7, parameters: 2)
        let agent = try AgentID("agent-x")

        for poison in [Float.nan, .infinity, -.infinity, .signalingNaN] {
            #expect(throws: AggregationError.notFinite(agent: agent)) {
                try rule.aggregate(honest + [contribution("agent-x", [poison, 1])], onto: base)
            }
        }
        for values: [Float] in [[], [1], [1, 1, 1]] {
            #expect(throws: AggregationError.wrongShape(agent: agent, found: values.count, expected: 2)) {
                try rule.aggregate(honest + [contribution("agent-x", values)], onto: base)
            }
        }
        #expect(throws: AggregationError.duplicateAgent(honest[0].agent)) {
            try rule.aggregate(honest + [honest[0]], onto: base)
        }
        #expect(throws: AggregationError.noContributions) { try rule.aggregate([], onto: base) }
        #expect(throws: AggregationError.baseNotFinite) {
            try rule.aggregate(honest, onto: ParameterVector([0, .nan]))
        }
    }

    @Test("equal updates come out as they went in", arguments: robustRules.indices)
    func unanimity(index: Int) throws {
        let values: [Float] = [0.1, -2.5, 3e-8, 7]
        let contributions = try (0..<9).map { try contribution("agent-\($0)", values) }

        let result = try robustRules[index].aggregate(contributions, onto: ParameterVector([1, 1, 1, 1]))

        #expect(result.values == values, "\(robustRules[index].name)")
    }

    @Test("each rule has a name of its own")
    func names() { #expect(Set(robustRules.map(\.name)).count == robustRules.count) }

    @Test("too few agents for a promise are refused with the number that is needed")
    func tooFew() throws {
        let base = ParameterVector(repeating: 0, count: 3)
        let rules: [(any AggregationStrategy, Int)] = [
            (Krum(maximumMalicious: 2), 7), (MultiKrum(maximumMalicious: 2), 7),
            (MultiKrum(maximumMalicious: 2, selected: 8), 10), (Bulyan(maximumMalicious: 2), 11),
            (NearestNeighbourMixing(CoordinateMedian(), maximumMalicious: 2), 5),
        ]
        for (rule, minimum) in rules {
            #expect(throws: AggregationError.tooFewForRule(rule: rule.name, found: minimum - 1, minimum: minimum)) {
                try rule.aggregate(crowd(minimum - 1, parameters: 3), onto: base)
            }
            #expect(try rule.aggregate(crowd(minimum, parameters: 3), onto: base).isFinite)
        }
        #expect(
            AggregationError.tooFewForRule(rule: "krum(f 2)", found: 6, minimum: 7).description
                == "krum(f 2) needs at least 7 agents, 6 contributed; ask more agents or expect fewer malicious ones")
    }
}

@Suite("The default rule")
struct RobustAggregationTests {
    private let rule = RobustAggregation()

    @Test("says in its name where it falls back, and to what")
    func name() {
        #expect(
            rule.name == "robust(cap 3.0 x median, mixing, trimmed mean for 0.3 malicious; "
                + "below 4 agents cap + fedavg, above 1024 no mixing)")
        #expect((1...3).allSatisfy { rule.stage(of: $0) == .cappedAverage })
        #expect(rule.stage(of: 4) == .mixedTrimmedMean)
        #expect(rule.stage(of: 1024) == .mixedTrimmedMean)
        #expect(rule.stage(of: 1025) == .trimmedMean)
        // A share of a tenth makes no malicious agent of nine.
        #expect(RobustAggregation(maliciousShare: 0.1).minimumRobust == 10)
        #expect([4, 6, 7, 10, 20, 1000].map { rule.malicious(of: $0) } == [1, 1, 2, 3, 6, 300])
    }

    @Test("below four agents it is the capped FedAvg, bit for bit")
    func fallback() throws {
        let base = ParameterVector(repeating: 0, count: 9)
        let capped = NormClipping(FederatedAveraging(maximumWeight: 20_000), factor: 3)
        for count in 1...3 {
            let contributions = try crowd(count, parameters: 9)

            #expect(try rule.aggregate(contributions, onto: base) == capped.aggregate(contributions, onto: base))
        }
    }

    @Test(
        "from four agents on it is the norm cap, the mixing and the trimmed mean one after the other",
        arguments: [4, 10])
    func composition(count: Int) throws {
        let base = ParameterVector(repeating: 0, count: 50)
        let contributions = try crowd(count, parameters: 50, malicious: 1, at: 20)
        let malicious = rule.malicious(of: count)
        let composed = NormClipping(
            NearestNeighbourMixing(
                TrimmedMean(share: Double(malicious) / Double(count)), maximumMalicious: malicious), factor: 3)

        let result = try rule.aggregate(contributions, onto: base)

        #expect(isClose(result, try composed.aggregate(contributions, onto: base).values.map { Double($0) }))
    }

    @Test("above the largest number that is mixed it is the norm cap and the trimmed mean")
    func unmixed() throws {
        let base = ParameterVector(repeating: 0, count: 50)
        let contributions = try crowd(20, parameters: 50, malicious: 3)
        let composed = NormClipping(TrimmedMean(share: 0.3), factor: 3)

        let result = try RobustAggregation(maximumMixed: 19).aggregate(contributions, onto: base)

        #expect(result == (try composed.aggregate(contributions, onto: base)))
    }

    @Test("three of ten that lie together do not move it far")
    func thirty() throws {
        let honest = try crowd(7, parameters: 100)
        for lie: Float in [1e30, -1000, -10, 5] {
            let liars = try (0..<3).map {
                try contribution("liar-\($0)", [Float](repeating: lie, count: 100), windows: .max)
            }

            let result = try rule.aggregate(honest + liars, onto: ParameterVector(repeating: 0, count: 100))

            let mean = try FederatedAveraging(maximumWeight: 1).aggregate(
                honest, onto: ParameterVector(repeating: 0, count: 100))
            // An honest agent is 10 from the middle of the crowd.
            #expect((result - mean).norm < 10, "lie \(lie): \((result - mean).norm)")
        }
    }
}
