// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNN

/// Tries a configuration out on a recording: learns from its first part, then watches the rest, as fast as it can.
///
///     let result = try await OfflineReplay(configuration: configuration, device: device).run { print($0) }
///     for alarm in result.alarms { print(alarm.startedAt, alarm.topChannel ?? "") }
///
/// It opens no store and no connection.
public struct OfflineReplay: Sendable {
    /// What came of it.
    public struct Result: Sendable {
        public var channels: [Channel]
        public var learnedWindows: Int
        public var watchedWindows: Int
        /// When the watched part begins and ends.
        public var watchedFrom: Timestamp?
        public var watchedTo: Timestamp?
        public var threshold: Double
        public var heldOutError: Double
        public var selfTest: String
        /// In the order in which they were raised; the last one may still fire.
        public var alarms: [AnomalyEvent]
        public var gaps: Int
        public var missingCells: Int
    }

    private let configuration: EdgeConfiguration
    private let device: DeviceConfiguration
    /// The share of windows to learn from.
    public var learnShare = 0.4
    /// Most samples to read; a simulated machine never ends by itself.
    public var maximumSamples = 200_000

    public init(configuration: EdgeConfiguration, device: DeviceConfiguration) {
        self.configuration = configuration
        self.device = device
    }

    /// Runs it.
    ///
    /// - Parameter progress: told in a sentence what is being done.
    /// - Throws: what is wrong with the recording, or too short about it.
    public func run(progress: (String) -> Void) async throws -> Result {
        progress("reading \(device.id)")
        let (contract, counters, recorded) = try await read()
        var windows = recorded
        let split = Int(Double(windows.count) * learnShare)
        progress("learning from \(split) of \(windows.count) windows of \(contract.channels.count) channels")
        let learner = LocalLearner(configuration: configuration, contract: contract)
        let learned = try learner.learn(
            TrainingData([device.id: Array(windows[..<split])]), from: nil, seed: 1
        ) { true }
        guard let calibration = learned.model.calibrations[device.id] else {
            throw DetectionError.tooFewWindows(found: split, needed: Calibration.minimumWindows)
        }
        windows.removeFirst(split)
        progress("watching \(windows.count) windows with a threshold of \(calibration.threshold)")
        let model = DeviceModel(version: learned.model.version, artifact: learned.artifact, calibration: calibration)
        let alarms = try watch(windows, model, contract)
        return Result(
            channels: contract.channels, learnedWindows: split, watchedWindows: windows.count,
            watchedFrom: windows.first?.start, watchedTo: windows.last?.end, threshold: calibration.threshold,
            heldOutError: learned.report.bestValidationLoss, selfTest: learned.selfTest.reason, alarms: alarms,
            gaps: counters.gaps, missingCells: counters.missingCells)
    }

    private func read() async throws -> (SignalContract, Windower.Counters, [SampleWindow]) {
        var device = device
        if case .csv(var settings) = device.source {
            settings.loops = false
            device.source = .csv(settings)
        }
        var source = try SourceFactory.offline(.system).open(device)
        let contract = SignalContract(
            channels: source.channels, intervalMilliseconds: source.intervalMilliseconds,
            windowLength: configuration.window.length)
        var windower = Windower(
            contract: contract, stride: configuration.window.stride, missing: .hold(configuration.window.holdMissing),
            maximumGapMilliseconds: configuration.window.maximumGapMilliseconds)
        var windows: [SampleWindow] = []
        var count = 0
        while count < maximumSamples, let sample = try await source.next() {
            count += 1
            if let window = windower.push(sample) { windows.append(window) }
        }
        return (contract, windower.counters, windows)
    }

    private func watch(
        _ windows: [SampleWindow], _ model: DeviceModel, _ contract: SignalContract
    ) throws -> [AnomalyEvent] {
        guard let first = windows.first else { return [] }
        let scorer = try Scorer(
            model, windowsPerDay: LocalLearner.windowsPerDay(contract, stride: configuration.window.stride),
            recalibrates: configuration.detection.recalibrates, at: first.start)
        var reporter = AlarmReporter(
            agent: configuration.agent, device: device.id, policy: configuration.detection.policy)
        var generator = SystemRandomNumberGenerator()
        var alarms: [AnomalyEvent] = []
        for window in windows {
            let event = try reporter.handle(
                try scorer.device.score(window).window, model: model.version, at: window.end,
                makeID: { ULID(at: $0, using: &generator) },
                contributions: { () throws(DetectionError) in
                    try scorer.contributions(window, channels: contract.channels)
                })
            guard let event else { continue }
            if event.revision > 1, let last = alarms.indices.last { alarms[last] = event } else { alarms.append(event) }
        }
        return alarms
    }
}
