// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("FedBuff")
struct FedBuffTests {
    private let rule = FedBuff()

    private func buffered(
        _ agent: String, _ values: [Float], from base: [Float], staleness: Int
    ) throws -> BufferedUpdate {
        BufferedUpdate(
            contribution: try contribution(agent, values), base: ParameterVector(base), staleness: staleness)
    }

    @Test("two updates, one three versions old, move the model by the paper's 0.75")
    func vector() throws {
        // The paper's formula; FLARE's formula would give 0.683.
        let updates = try [
            buffered("a", [1], from: [0], staleness: 0), buffered("b", [1], from: [0], staleness: 3),
        ]

        #expect(isClose(try rule.aggregate(updates, onto: ParameterVector([0])), [0.75]))
        #expect(isClose(try rule.aggregate(updates, onto: ParameterVector([10])), [10.75]))
        let unaged = FedBuff(learningRate: 0.5, discount: .none)
        #expect(isClose(try unaged.aggregate(updates, onto: ParameterVector([10])), [10.5]))
    }

    @Test("an old update moves on from where the model is, and does not drag it back to where it started")
    func ownBase() throws {
        // It started from 2 and went to 3; meanwhile the model went to 10. Against the current model it would be -7.
        let update = try buffered("a", [3], from: [2], staleness: 8)

        #expect(isClose(try rule.aggregate([update], onto: ParameterVector([10])), [10 + 1.0 / 3]))
    }

    @Test("the weight of age falls as the polynomial does")
    func discounts() {
        for exponent in [0, 0.1, 0.25, 0.5, 0.7, 1] {
            for staleness in [0, 1, 2, 3, 7, 100, 1_000_000] {
                let weight = StalenessDiscount.polynomial(exponent: exponent).weight(staleness: staleness)
                #expect(abs(weight - pow(1 + Double(staleness), -exponent)) < 1e-12)
            }
        }
        #expect(StalenessDiscount.none.weight(staleness: 50) == 1)
    }

    @Test("the same bits come out in whatever order the buffer was filled")
    func order() throws {
        var generator = SeededGenerator(seed: 9)
        let current = ParameterVector(repeating: 0.2, count: 50)
        var updates = try crowd(12, parameters: 50).enumerated().map { position, contribution in
            BufferedUpdate(
                contribution: contribution, base: ParameterVector(repeating: Float(position) / 7, count: 50),
                staleness: position)
        }
        let first = try rule.aggregate(updates, onto: current).values.map(\.bitPattern)
        for _ in 0..<10 {
            updates.shuffle(using: &generator)
            #expect(try rule.aggregate(updates, onto: current).values.map(\.bitPattern) == first)
        }
    }

    @Test("a robust rule over the rebased updates keeps a malicious one out")
    func rebased() throws {
        let current = ParameterVector(repeating: 5, count: 2)
        var updates = try (0..<6).map {
            try buffered("agent-\($0)", [Float($0) + 1, 1], from: [Float($0), 0], staleness: 0)
        }
        updates.append(try buffered("liar", [1e30, 1e30], from: [0, 0], staleness: 3))

        let result = try CoordinateMedian().aggregate(rule.rebased(updates, onto: current), onto: current)

        #expect(isClose(result, [6, 6]))
    }

    @Test("what is too old, from the future, of another shape, not finite or sent twice is refused")
    func unfit() throws {
        let current = ParameterVector([0])
        let agent = try AgentID("a")
        for staleness in [-1, 21, .max, .min] {
            #expect(throws: AggregationError.tooStale(agent: agent, staleness: staleness, maximum: 20)) {
                try rule.aggregate([buffered("a", [1], from: [0], staleness: staleness)], onto: current)
            }
        }
        #expect(throws: AggregationError.wrongShape(agent: agent, found: 2, expected: 1)) {
            try rule.aggregate([buffered("a", [1], from: [0, 0], staleness: 0)], onto: current)
        }
        #expect(throws: AggregationError.notFinite(agent: agent)) {
            try rule.aggregate([buffered("a", [.nan], from: [0], staleness: 0)], onto: current)
        }
        #expect(throws: AggregationError.baseNotFinite) {
            try rule.aggregate([buffered("a", [0], from: [.infinity], staleness: 0)], onto: current)
        }
        #expect(throws: AggregationError.duplicateAgent(agent)) {
            try rule.aggregate(
                [buffered("a", [1], from: [0], staleness: 0), buffered("a", [1], from: [0], staleness: 1)],
                onto: current)
        }
        let most = Float.greatestFiniteMagnitude
        #expect(throws: AggregationError.resultNotFinite(rule: rule.name)) {
            try rule.aggregate([buffered("a", [most], from: [-most], staleness: 0)], onto: current)
        }
    }
}
