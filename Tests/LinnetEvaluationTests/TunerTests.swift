// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDetection
import LinnetDomain
import LinnetEvaluation
import LinnetNumerics
import Testing

/// Four channels driven by one load that swings slowly, so that a linear model knows each from the others.
private func machine(_ count: Int, seed: UInt64) -> [Sample] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { number in
        let load = sin(Double(number) / 23) + 0.5 * sin(Double(number) / 7)
        let values = (1...4).map { Float(Double($0) * load + 0.05 * generator.gaussian()) }
        return Sample(time: Timestamp(milliseconds: Int64(number) * 1000), values: values)
    }
}

@Suite("Choosing a detector for a recording")
struct TunerTests {
    private static let families = DetectorFamily.all.filter { ["principalComponents", "zScore"].contains($0.name) }

    private func advice(
        _ tuner: Tuner, budgetSeconds: Double = 1000, clock: () -> Double = { 0 }
    ) throws -> Tuner.Advice {
        try tuner.run(families: Self.families, budgetSeconds: budgetSeconds, clock: clock) { _ in }
    }

    @Test("what knows how channels belong together is preferred to what does not, and keeps to the wanted false alarms")
    func drawnFaults() throws {
        let tuner = try Tuner(normal: machine(2000, seed: 1), samplesPerDay: 86_400, falseAlarmsPerDay: 200)
        let advice = try advice(tuner)

        #expect(advice.family.hasPrefix("principalComponents"))
        #expect(!advice.hasLabels && advice.learnedRows == 1400 && advice.heldRows == 600)
        let merits = advice.candidates.map(\.merit)
        #expect(merits == merits.sorted(by: >))
        let chosen = try #require(
            advice.thresholds.first {
                $0.threshold == advice.settings.threshold && $0.raiseAfter == advice.settings.alarm.raiseAfter
            })
        #expect(chosen.falseEpisodesPerDay <= 200 && chosen.found > 0.5)
        let best = try #require(advice.candidates.first)
        #expect(best.ranking > 0.5 && best.stability > 0.5)
    }

    @Test("labels decide where there are some: a fault that only a long look tells")
    func labelled() throws {
        var samples = machine(600, seed: 3)
        let labels = samples.indices.map { (300..<360).contains($0) }
        for row in 300..<360 { samples[row].values[2] += 1.5 }
        let tuner = try Tuner(
            normal: machine(1000, seed: 1), labelled: (samples, labels), samplesPerDay: 86_400)
        let advice = try advice(tuner)
        #expect(advice.hasLabels)
        #expect(try #require(advice.candidates.first).ranking > 0.8)
    }

    @Test("the same recording and seed give the same advice, on one thread or on two")
    func repeatable() throws {
        let tuner = try Tuner(normal: machine(800, seed: 2), samplesPerDay: 86_400)
        let (one, two) = (try advice(tuner), try advice(tuner))
        #expect(one.settings == two.settings && one.candidates == two.candidates && one.thresholds == two.thresholds)
    }

    @Test("when the budget is used up what was measured decides, and what was not is named")
    func budget() throws {
        let tuner = try Tuner(normal: machine(400, seed: 2), samplesPerDay: 86_400)
        var calls = 0.0
        let advice = try advice(tuner, budgetSeconds: 0) {
            calls += 1
            return calls
        }
        #expect(!advice.candidates.isEmpty && !advice.left.isEmpty)
        #expect(advice.left.count { $0.hasSuffix(": no time") } == advice.left.count)
    }

    @Test("too few rows and labels of one kind are refused with what is needed")
    func refused() {
        #expect(throws: TuningError.tooFewRows(found: 299, needed: 300)) {
            try Tuner(normal: machine(299, seed: 1), samplesPerDay: 86_400)
        }
        #expect(throws: TuningError.oneKindOfRow(name: "the labelled file")) {
            try Tuner(
                normal: machine(400, seed: 1), labelled: (machine(10, seed: 1), [Bool](repeating: false, count: 10)),
                samplesPerDay: 86_400)
        }
    }

    @Test("drawn faults change the rows they label and no other, the same ones for a seed")
    func faults() {
        let normal = machine(900, seed: 1)
        let scale = [Float](repeating: 1, count: 4)
        let faults = InjectedFaults(over: normal, center: [0, 0, 0, 0], scale: scale, seed: 5)
        let again = InjectedFaults(over: normal, center: [0, 0, 0, 0], scale: scale, seed: 5)
        #expect(faults.samples.map(\.values) == again.samples.map(\.values))
        #expect(Runs.of(faults.labels).count > 5)
        #expect(faults.labels.count { $0 } < 450)
        for row in normal.indices where !faults.labels[row] {
            #expect(faults.samples[row].values == normal[row].values)
        }
        let changed = normal.indices.count { faults.samples[$0].values != normal[$0].values }
        #expect(changed > 0)
    }

    @Test("rank correlation sees order alone, and shares equal ranks")
    func correlation() {
        #expect(abs(RankCorrelation.of([1, 2, 3, 4], [10, 20, 1000, 5000]) - 1) < 1e-12)
        #expect(abs(RankCorrelation.of([1, 2, 3, 4], [4, 3, 2, 1]) + 1) < 1e-12)
        // By hand: ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4.
        #expect(abs(RankCorrelation.of([0, 5, 5, 9], [1, 2, 3, 4]) - 4.5 / (4.5 * 5).squareRoot()) < 1e-12)
        #expect(RankCorrelation.of([1, 1], [1, 2]) == 0)
    }
}
