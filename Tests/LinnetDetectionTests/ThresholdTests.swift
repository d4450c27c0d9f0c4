// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDetection
import LinnetDomain
import LinnetNN
import LinnetNumerics
import Testing

@Suite("Thresholds and calibration")
struct ThresholdTests {
    @Test("where the data reach, the threshold is their quantile")
    func empirical() throws {
        let scores = (1...1001).map(Double.init)
        #expect(abs(try QuantileThreshold.fit(scores: scores, exceedance: 0.1) - 901) < 1e-9)
    }

    @Test("beyond the data, an exponential tail is met within a fifth", arguments: [1, 2, 3] as [UInt64])
    func tail(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let scores = (0..<2000).map { _ in -log(1 - generator.uniform()) }
        let level = try QuantileThreshold.fit(scores: scores, exceedance: 1e-6)
        // The true level of an exponential distribution with mean 1.
        #expect(abs(level - log(1e6)) < 0.2 * log(1e6))
    }

    @Test("of few scores a cautious threshold is high enough nine times of ten, of many it is hardly higher than any")
    func cautious() throws {
        var generator = SeededGenerator(seed: 5)
        func scores(_ count: Int) -> [Double] { (0..<count).map { _ in -log(1 - generator.uniform()) } }
        var (plain, careful) = (0, 0)
        for _ in 0..<500 {
            let few = scores(60)
            if try QuantileThreshold.fit(scores: few, exceedance: 1e-5) >= log(1e5) { plain += 1 }
            if try QuantileThreshold.fit(scores: few, exceedance: 1e-5, isCautious: true) >= log(1e5) { careful += 1 }
        }
        #expect(plain < 300 && careful > 420, "\(plain) and \(careful) of 500")

        let many = scores(20_000)
        let level = try QuantileThreshold.fit(scores: many, exceedance: 1e-7)
        let cautious = try QuantileThreshold.fit(scores: many, exceedance: 1e-7, isCautious: true)
        #expect((1...1.06).contains(cautious / level), "\(cautious / level)")

        // Twelve excesses in a row have one cause; alone, each tells of the tail.
        let apart = (0..<120).map { $0 % 10 == 9 ? 5 + Double($0) / 100 : 1 }
        let together = try QuantileThreshold.fit(scores: apart.sorted(), exceedance: 1e-5, isCautious: true)
        #expect(together > 1.2 * (try QuantileThreshold.fit(scores: apart, exceedance: 1e-5, isCautious: true)))
    }

    @Test("too few scores, and scores that are not finite, are no ground for a threshold")
    func few() {
        #expect(throws: DetectionError.tooFewWindows(found: 19, needed: 20)) {
            try QuantileThreshold.fit(scores: [Double](repeating: 1, count: 19) + [.nan], exceedance: 0.01)
        }
    }

    @Test("constant scores give their value, not a trap")
    func constant() throws {
        #expect(try QuantileThreshold.fit(scores: [Double](repeating: 3, count: 50), exceedance: 1e-9) == 3)
    }

    @Test("the level comes from the older windows alone, the threshold from the newer")
    func neverTheSameRows() async throws {
        let settings = MachineSettings(seed: 3, intervalMilliseconds: 50, timeScale: 20, epoch: Chain.epoch)
        var source = try MachineSimulator(settings: settings, pacer: .immediate)
        var chain = Chain(source: source)
        let windows = try await chain.windows(100, from: &source)
        try chain.learn(windows)
        let model = try #require(chain.detector?.model)

        let whole = try Calibration.fit(model: model, windows: windows, windowsPerDay: 1000)

        #expect(whole.level.center == DeviceLevel.center(of: Array(windows[..<60])))
        #expect(whole.windows == 40)
        #expect(whole.expectedFalseAlarmsPerDay == 1)
    }
}

@Suite("What a model must show before it may raise alarms")
struct SelfTestTests {
    /// A model that has learned a healthy machine, its calibration, and the machine's newest windows.
    private func learned() async throws -> (ModelArtifact, Calibration, [SampleWindow]) {
        let settings = MachineSettings(seed: 9, intervalMilliseconds: 50, timeScale: 20, epoch: Chain.epoch)
        var source = try MachineSimulator(settings: settings, pacer: .immediate)
        var chain = Chain(source: source)
        let windows = try await chain.windows(200, from: &source)
        try chain.learn(windows)
        let detector = try #require(chain.detector)
        return (detector.model, detector.calibration, windows)
    }

    @Test("a model that has learned passes, and the same seed finds the same")
    func passes() async throws {
        let (model, calibration, windows) = try await learned()
        let report = try SelfTest.run(model: model, calibration: calibration, windows: windows, seed: 1)
        #expect(report.passed, "\(report.reason)")
        #expect(report == (try SelfTest.run(model: model, calibration: calibration, windows: windows, seed: 1)))
        #expect(report.evidence["selfTest.spike"] == report.recall["spike"])
    }

    @Test("weights that alarm all the time fail")
    func alarmsAlways() async throws {
        var (model, calibration, windows) = try await learned()
        for index in 0..<model.parameters.count { model.parameters[index] *= 1000 }
        let report = try SelfTest.run(model: model, calibration: calibration, windows: windows, seed: 1)
        #expect(!report.passed && report.quietShare < 0.5)
    }

    @Test("a threshold that is never reached fails")
    func alarmsNever() async throws {
        var (model, calibration, windows) = try await learned()
        calibration.threshold = .greatestFiniteMagnitude
        let report = try SelfTest.run(model: model, calibration: calibration, windows: windows, seed: 1)
        #expect(!report.passed && report.recall["spike"] == 0)
    }

    @Test("a model need not find more than the one it replaces, and may not find clearly less")
    func replaces() async throws {
        let learned = try await learned()
        let (model, windows) = (learned.0, learned.2)
        var calibration = learned.1
        func passes(beside recall: Double, threshold: Double) throws -> Bool {
            calibration.threshold = threshold
            var replaced = try SelfTest.run(model: model, calibration: calibration, windows: windows, seed: 1)
            replaced.recall = replaced.recall.mapValues { _ in recall }
            return try SelfTest.run(
                model: model, calibration: calibration, windows: windows, replaced: replaced, seed: 1
            ).passed
        }
        let good = calibration.threshold
        #expect(try passes(beside: 0.2, threshold: .greatestFiniteMagnitude))
        #expect(try !passes(beside: 0.6, threshold: .greatestFiniteMagnitude))
        #expect(try passes(beside: 1, threshold: good))
    }

    @Test("a model that copies its input finds nothing, and fails")
    func copies() async throws {
        var (model, calibration, windows) = try await learned()
        let width = model.architecture.inputWidth
        model.architecture = NetworkArchitecture(
            family: model.architecture.family, inputWidth: width,
            layers: [.dense(width: width, activation: .identity)])
        model.parameters = ParameterVector(repeating: 0, count: model.architecture.parameterCount)
        for index in 0..<width { model.parameters[index * width + index] = 1 }
        calibration.threshold = 0.5
        let report = try SelfTest.run(model: model, calibration: calibration, windows: windows, seed: 1)
        #expect(!report.passed && report.recall["drift"] == 0)
    }

    @Test("a shadow passes only after enough windows, and fails as soon as it alarms clearly more")
    func shadow() {
        func window(_ score: Double) -> ScoredWindow {
            ScoredWindow(start: Chain.epoch, end: Chain.epoch, score: score, threshold: 1)
        }
        var comparison = ShadowComparison(neededWindows: 10)
        for _ in 0..<9 { comparison.add(candidate: window(0.5), active: window(0.5), isFiring: false) }
        comparison.add(candidate: window(9), active: window(9), isFiring: true)
        #expect(comparison.verdict == .inconclusive)
        comparison.add(candidate: window(0.5), active: window(0.5), isFiring: false)
        #expect(comparison.verdict == .passed)

        var noisy = ShadowComparison(neededWindows: 10)
        for _ in 0..<3 { noisy.add(candidate: window(5), active: window(0.5), isFiring: false) }
        guard case .failed = noisy.verdict else {
            Issue.record("\(noisy.verdict)")
            return
        }
        var broken = ShadowComparison(neededWindows: 10)
        broken.add(candidate: window(.nan), active: nil, isFiring: true)
        guard case .failed = broken.verdict else {
            Issue.record("\(broken.verdict)")
            return
        }
    }
}
