// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDetection
import LinnetNumerics
import Testing

@Suite("Thresholds from the tail of normal scores")
struct TailTests {
    /// Excesses of a generalised Pareto distribution, by inversion.
    private func excesses(_ count: Int, shape: Double, scale: Double, seed: UInt64) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        let tail = GeneralizedPareto(shape: shape, scale: scale)
        return (0..<count).map { _ in tail.level(exceededWith: 1 - generator.uniform() * 0.999_999) + 1e-9 }
    }

    @Test("Grimshaw's fit finds the shape and scale that excesses were drawn with", arguments: [-0.3, 0, 0.2, 0.5])
    func fit(shape: Double) throws {
        let fitted = try #require(
            GeneralizedPareto(fitting: excesses(4000, shape: shape, scale: 2, seed: 11)))
        #expect(abs(fitted.shape - shape) < 0.08, "\(fitted)")
        #expect(abs(fitted.scale - 2) < 0.2, "\(fitted)")
    }

    @Test("level and exceedance undo each other", arguments: [-0.2, 0, 0.4])
    func inverse(shape: Double) {
        let tail = GeneralizedPareto(shape: shape, scale: 1.5)
        for probability in [0.5, 0.1, 1e-3, 1e-6] {
            #expect(abs(tail.exceedance(tail.level(exceededWith: probability)) / probability - 1) < 1e-6)
        }
    }

    @Test("excesses that nobody can fit are refused, equal ones are not")
    func degenerate() {
        #expect(GeneralizedPareto(fitting: []) == nil)
        #expect(GeneralizedPareto(fitting: [1, .infinity]) == nil)
        #expect(GeneralizedPareto(fitting: [0, 1]) == nil)
        #expect(GeneralizedPareto(fitting: [2, 2, 2]) != nil)
    }

    @Test(
        "peaks over threshold keep the rate of false alarms near what was asked for", arguments: [1, 2, 3] as [UInt64])
    func rate(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        func score() -> Double { abs(generator.gaussian()) }
        var threshold = try PeaksOverThreshold(fitting: (0..<5000).map { _ in score() }, probability: 1e-3)
        let alarms = (0..<50_000).count { _ in threshold.handle(score()) }
        #expect((15...150).contains(alarms), "\(alarms) alarms; 50 were asked for")
    }

    @Test("with a depth, a level that drifts does not alarm, and a jump does")
    func depth() throws {
        var generator = SeededGenerator(seed: 5)
        var level = 0.0
        func score() -> Double {
            level += 0.001
            return level + 0.1 * generator.gaussian()
        }
        var threshold = try PeaksOverThreshold(fitting: (0..<1000).map { _ in score() }, probability: 1e-4, depth: 20)
        let alarms = (0..<10_000).count { _ in threshold.handle(score()) }
        #expect(alarms < 20)
        let (jump, broken) = (threshold.handle(level + 2), threshold.handle(.nan))
        #expect(jump && broken)
    }

    @Test("alarmed scores teach peaks over threshold nothing")
    func untaught() throws {
        var generator = SeededGenerator(seed: 6)
        var threshold = try PeaksOverThreshold(
            fitting: (0..<1000).map { _ in generator.uniform() }, probability: 1e-4)
        let before = threshold
        let isAnomalous = threshold.handle(100)
        #expect(isAnomalous && threshold == before)
    }

    @Test("surprise rises with the score, is 1 at the 0.9 quantile, and grows evenly beyond")
    func surprise() throws {
        let calibration = try TailCalibration(fitting: (0...1000).map(Double.init))
        #expect(abs(calibration.surprise(900) - 1) < 1e-9)
        #expect(calibration.surprise(-5) == 0)
        #expect(abs(calibration.surprise(500) + log10(0.5)) < 1e-9)
        let scores = stride(from: -10.0, through: 3000, by: 7).map { calibration.surprise($0) }
        #expect(scores == scores.sorted())
        #expect(calibration.surprise(.infinity) == .greatestFiniteMagnitude)
    }

    @Test("a level that follows rises with drift, but only slowly under a fault, and never falls below its floor")
    func following() throws {
        var generator = SeededGenerator(seed: 8)
        let normal = (0..<200).map { _ in generator.uniform() }
        let start = try FollowingThreshold(fitting: normal, quantile: 0.95, margin: 1.2, clip: 1, span: 200, floor: 0.5)
        var drifting = start
        for step in 0..<400 { _ = drifting.handle(generator.uniform() + Double(step) / 1000) }
        #expect(drifting.level > start.level + 0.2)

        var faulty = start
        for _ in 0..<8 { _ = faulty.handle(1e9) }
        #expect(faulty.level <= start.level * 1.3)

        var silent = start
        for _ in 0..<1000 { _ = silent.handle(0) }
        #expect(abs(silent.level - start.level * 0.5) < 1e-9)
    }
}
