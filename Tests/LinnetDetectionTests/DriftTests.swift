// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDetection
import LinnetDomain
import LinnetNumerics
import Testing

@Suite("Drift")
struct DriftTests {
    /// Uniform numbers of a linear congruential generator, whose mean goes up by 0.3 at 2000 and down by 0.2 at 4000.
    private static let stream: [Double] = {
        var state: UInt64 = 42
        return (0..<6000).map { index in
            state = (state * 1_103_515_245 + 12345) % (1 << 31)
            return Double(state) / Double(1 << 31) + (index < 2000 ? 0 : index < 4000 ? 0.3 : 0.1)
        }
    }()

    // What river 0.26.1 answers for the same stream: drift.ADWIN() cuts at 2079, to a width of 224, and at 4095, to 864;
    // drift.PageHinkley(delta=0.05, threshold=20, alpha=1, mode="up") finds 2089. Ours tries more cuts at the later check,
    // and so comes down to what is new a check or two sooner or later.
    @Test("an adaptive window is cut where the published implementation cuts it, and nowhere else")
    func adaptiveWindow() throws {
        var window = AdaptiveWindow()
        var cuts: [[Int]] = []
        for (index, value) in Self.stream.enumerated() where window.handle(value) != nil {
            cuts.append([index, window.width])
        }
        #expect(cuts.first == [2079, 224])
        #expect(cuts.contains { abs($0[0] - 4095) <= 64 })
        #expect(cuts.allSatisfy { (2000..<2500).contains($0[0]) || (4000..<4500).contains($0[0]) }, "\(cuts)")
        #expect(abs(window.mean - 0.6) < 0.03)
    }

    @Test("Page and Hinkley's test finds a rise where the published implementation does, and no fall")
    func pageHinkley() {
        var test = PageHinkley(delta: 0.05, lambda: 20, alpha: 1)
        let found = Self.stream.indices.filter { test.handle(Self.stream[$0]) }
        #expect(found == [2089])
    }

    @Test("a window without a change keeps its mean, whatever is not a number, and stays small")
    func stationary() {
        var generator = SeededGenerator(seed: 5)
        var window = AdaptiveWindow()
        for _ in 0..<100_000 {
            #expect(window.handle(generator.gaussian()) == nil)
            #expect(window.handle(.nan) == nil)
        }
        #expect(window.width == 100_000)
        #expect(abs(window.mean) < 0.02 && abs(window.variance - 1) < 0.02)
    }

    private func window(_ index: Int, score: Double) -> ScoredWindow {
        let time = Chain.epoch.adding(milliseconds: Int64(index) * 1000)
        return ScoredWindow(start: time, end: time, score: score, threshold: 5)
    }

    /// Surprises of a healthy device: `-log10` of a uniform number.
    private func surprise(_ generator: inout SeededGenerator) -> Double {
        min(4.9, -log10(1 - generator.uniform()))
    }

    @Test("a healthy device drifts nowhere in weeks of windows")
    func healthy() {
        var generator = SeededGenerator(seed: 11)
        var watch = DriftWatch(stride: 1)
        for index in 0..<100_000 {
            _ = watch.handle(window(index, score: surprise(&generator)), level: 1 + 0.1 * generator.gaussian())
        }
        #expect(watch.drift == nil)
    }

    @Test("scores that have risen for good are a drift, told once, until a new model is there")
    func scores() {
        var generator = SeededGenerator(seed: 11)
        var watch = DriftWatch(stride: 2)
        var told: [Int] = []
        for index in 0..<8000 {
            let risen = index < 4000 ? 0 : 0.8
            let score = min(4.9, surprise(&generator) + risen)
            if watch.handle(window(index, score: score), level: 1) != nil { told.append(index) }
        }
        #expect(told.count == 1 && told.allSatisfy { (4000..<4600).contains($0) }, "\(told)")
        #expect(watch.drift?.source == .scores)
        watch.restart()
        #expect(watch.drift == nil)
    }

    @Test("a device that works elsewhere has drifted in its inputs, though its scores are calm")
    func inputs() {
        var generator = SeededGenerator(seed: 11)
        var watch = DriftWatch(stride: 1)
        for index in 0..<4000 {
            let level = (index < 2000 ? 1 : 3) + 0.2 * generator.gaussian()
            _ = watch.handle(window(index, score: surprise(&generator)), level: level)
        }
        #expect(watch.drift?.source == .inputs)
    }

    @Test("windows above the threshold are the alarm's business and make no drift")
    func anomalous() {
        var watch = DriftWatch(stride: 1)
        for index in 0..<5000 { _ = watch.handle(window(index, score: index < 1000 ? 0.4 : 50), level: 1) }
        #expect(watch.drift == nil)
    }
}
