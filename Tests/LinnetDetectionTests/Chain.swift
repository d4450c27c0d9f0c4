// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNN
import LinnetNumerics

/// Runs samples through the whole of detection, as an agent does: learn, calibrate, score, alarm.
struct Chain {
    static let epoch = Timestamp(milliseconds: 1_767_225_600_000)
    static let windowLength = 8
    static let stride = 4

    var windower: Windower
    var detector: DeviceDetector?
    var alarms = AlarmState(policy: AlarmPolicy())
    var transitions: [AlarmTransition] = []
    var raisedWindow: SampleWindow?
    let contract: SignalContract

    init(source: some DataSource) {
        contract = SignalContract(
            channels: source.channels, intervalMilliseconds: source.intervalMilliseconds,
            windowLength: Self.windowLength)
        windower = Windower(
            contract: contract, stride: Self.stride, missing: .hold(3),
            maximumGapMilliseconds: 20 * source.intervalMilliseconds)
    }

    /// The next `count` windows of a source.
    mutating func windows(_ count: Int, from source: inout some DataSource) async throws -> [SampleWindow] {
        var windows: [SampleWindow] = []
        while windows.count < count, let sample = try await source.next() {
            if let window = windower.push(sample) { windows.append(window) }
        }
        return windows
    }

    /// Learns from windows as an agent that is alone does.
    mutating func learn(_ windows: [SampleWindow], epochs: Int = 30) throws {
        var model = try LocalModel.untrained(
            devices: [windows],
            architecture: { .denseAutoencoder(inputWidth: $0 * $1, hidden: [24, 8]) }, falseAlarmsPerDay: 1, seed: 7)
        var trainer = Trainer(
            network: try Network(model.architecture),
            settings: TrainingSettings(epochs: epochs, learningRate: 0.002, patience: 8))
        let level = DeviceLevel.fit(windows, cohort: model.scaler)
        _ = try trainer.fit(&model.parameters, inputs: WindowStandardizer(level).matrix(windows))
        let perDay = 86_400_000 / Double(contract.intervalMilliseconds * Self.stride)
        let calibration = try Calibration.fit(model: model, windows: windows, windowsPerDay: perDay)
        detector = try DeviceDetector(model: model, calibration: calibration)
    }

    /// Scores every window until `end`.
    mutating func watch(_ source: inout some DataSource, until end: Timestamp) async throws {
        guard let detector else { return }
        while let sample = try await source.next(), sample.time < end {
            guard let window = windower.push(sample) else { continue }
            let judgement = try detector.judge(window)
            let scored = ScoredWindow(
                start: window.start, end: window.end, score: judgement.score,
                threshold: detector.calibration.threshold, detector: judgement.detector, error: judgement.error)
            guard let transition = alarms.handle(scored) else { continue }
            if case .raised = transition { raisedWindow = raisedWindow ?? window }
            transitions.append(transition)
        }
    }

    var raised: [AlarmSpan] {
        transitions.compactMap { if case .raised(let span) = $0 { span } else { nil } }
    }
}
