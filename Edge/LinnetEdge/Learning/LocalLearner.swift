// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetFederation
import LinnetMessaging
import LinnetModelConfiguration
import LinnetNN
import LinnetNumerics

/// Learns a model from one agent's own windows: what an agent does alone.
public struct LocalLearner: Sendable {
    private let configuration: EdgeConfiguration
    /// Windows that a device scores in a day.
    private let windowsPerDay: Double

    /// The share of windows that the threshold is fitted on, which weights must not be: see `Calibration`.
    private static let heldOutShare = 0.4

    public init(configuration: EdgeConfiguration, contract: SignalContract) {
        self.configuration = configuration
        windowsPerDay = Self.windowsPerDay(contract, stride: configuration.window.stride)
    }

    /// How many windows a device scores in a day, if no sample is missing.
    public static func windowsPerDay(_ contract: SignalContract, stride: Int) -> Double {
        86_400_000 / (Double(max(1, contract.intervalMilliseconds)) * Double(max(1, stride)))
    }

    /// What was learned.
    public struct Result: Sendable, Equatable {
        public var model: StoredModel
        public var artifact: ModelArtifact
        public var report: TrainingReport
        /// The worst of the devices' self-tests.
        public var selfTest: ModelVerdict
    }

    /// Learns from windows; runs on the calling thread for as long as it takes.
    ///
    /// - Parameters:
    ///   - base: weights to go on from, if the configuration still wants such a model; `nil` starts anew.
    ///   - pause: called after each batch; `false` gives up.
    /// - Throws: `DetectionError` or `TrainingError`; `CancellationError` if it was given up.
    public func learn(
        _ data: TrainingData, from base: ModelArtifact?, seed: UInt64, pause: () -> Bool
    ) throws -> Result {
        let learning = configuration.learning
        let model = configuration.model
        var artifact = try LocalModel.untrained(
            devices: data.devices.map(\.windows), architecture: model.network.architecture, scaling: model.scaling,
            falseAlarmsPerDay: configuration.detection.falseAlarmsPerDay, seed: seed)
        // Where the operator has configured another model since, it starts anew.
        let start = base.flatMap { base in
            base.architecture == artifact.architecture && base.scaler.rule == model.scaling ? base : nil
        }
        if let start { artifact = start }
        let network = try Network(artifact.architecture)
        var trainer = Trainer(
            network: network,
            settings: TrainingSettings(
                epochs: learning.epochs, seed: seed, validationShare: Self.heldOutShare, patience: 5))
        let trimmed = try data.trimmed(learning.trimmedShare, scaler: artifact.scaler)
        let rows = trimmed.rows(scaler: artifact.scaler, heldOutShare: Self.heldOutShare)
        if start == nil {
            artifact.parameters = try network.initialParameters(
                seed: seed, learningFrom: rows, pretrainingEpochs: model.network.pretrainingEpochs ?? 10, pause: pause)
        }
        let report = try trainer.fit(&artifact.parameters, inputs: rows, pause: pause)
        if report.isInterrupted { throw CancellationError() }
        let agent = configuration.agent
        artifact.provenance = ["version": "0", "agent": "\(agent)", "windows": "\(trimmed.count)"]
        if trimmed.count < data.count { artifact.provenance["trimmed"] = "\(data.count - trimmed.count)" }
        try artifact.validate()
        let calibrations = try calibrate(artifact, data)
        let selfTest = try selfTest(artifact, calibrations, data, replaced: base, seed: seed)
        let bytes = artifact.encoded()
        let version = ModelVersion(number: 0, digest: Digest(of: bytes))
        return Result(
            model: StoredModel(version: version, bytes: bytes, calibrations: calibrations), artifact: artifact,
            report: report, selfTest: selfTest)
    }

    /// Fits each device's level and threshold for a model. A device with too few windows for that starts with the fleet's
    /// threshold, if the model brings one; otherwise it is left out.
    ///
    /// - Parameter own: the layers that have stayed with this agent, for a model that has a place for them.
    public func calibrate(
        _ artifact: ModelArtifact, _ data: TrainingData, own: OwnLayers? = nil
    ) throws(DetectionError) -> [DeviceID: Calibration] {
        let weights = own?.weights(for: artifact)
        var calibrations: [DeviceID: Calibration] = [:]
        for (id, windows) in data.devices {
            if windows.count >= Calibration.minimumWindows {
                calibrations[id] = try calibration(artifact, weights, windows)
            } else if let prior = Self.prior(of: artifact), windows.count >= Calibration.minimumProvisionalWindows {
                let exceedance = artifact.falseAlarmsPerDay / max(1, windowsPerDay)
                calibrations[id] = try Calibration.provisional(
                    model: artifact, windows: windows, threshold: prior.level(exceedance: exceedance),
                    expectedFalseAlarmsPerDay: artifact.falseAlarmsPerDay)
            }
        }
        return calibrations
    }

    /// Fits one device's level and threshold for a model, or for weights of its own in that one's place.
    func calibration(
        _ artifact: ModelArtifact, _ weights: OwnWeights?, _ windows: [SampleWindow]
    ) throws(DetectionError) -> Calibration {
        try Calibration.fit(
            model: artifact, weights: weights, windows: windows, windowsPerDay: windowsPerDay,
            settings: configuration.detection.calibration)
    }

    /// What the fleet knows of a version's scores; `nil` where it brings nothing.
    static func prior(of artifact: ModelArtifact) -> ThresholdPrior? {
        artifact.provenance[ThresholdPrior.provenanceKey].flatMap { ThresholdPrior(parsing: $0) }
    }

    /// Fewest windows with which a device can run a model.
    static func windowsToCalibrate(_ artifact: ModelArtifact) -> Int {
        prior(of: artifact) == nil ? Calibration.minimumWindows : Calibration.minimumProvisionalWindows
    }

    /// Tries a model on every device that is calibrated for it.
    ///
    /// - Parameters:
    ///   - replaced: the model that it would take the place of; `nil` where there is none.
    ///   - isReplacedReleased: whether that one was released, and not learned here.
    ///   - own: the layers that have stayed with this agent: a replaced model that has a place for them ran with them.
    public func selfTest(
        _ artifact: ModelArtifact, _ calibrations: [DeviceID: Calibration], _ data: TrainingData,
        replaced: ModelArtifact? = nil, isReplacedReleased: Bool = false, own: OwnLayers? = nil, seed: UInt64
    ) throws(DetectionError) -> ModelVerdict {
        var verdict = ModelVerdict(passes: true, reason: "no device to test on", evidence: [:])
        for (id, windows) in data.devices {
            // Of so few windows that its threshold is the fleet's a device can not tell whether a model is any good.
            guard let calibration = calibrations[id], !calibration.isProvisional else { continue }
            let report = try SelfTest.run(
                model: artifact, calibration: calibration, windows: windows,
                replaced: try replaced.map { replaced throws(DetectionError) in
                    try reference(replaced, own?.weights(for: replaced), windows: windows, seed: seed)
                }, releasedScale: isReplacedReleased ? replaced?.scaler.scale : nil, seed: seed)
            verdict = ModelVerdict(
                passes: report.passed, reason: "device \(id): \(report.reason)", evidence: report.evidence)
            // The first device that fails speaks for all.
            guard verdict.passes else { break }
        }
        return verdict
    }

    /// What a model reaches on windows when it is calibrated on those same windows.
    private func reference(
        _ model: ModelArtifact, _ weights: OwnWeights?, windows: [SampleWindow], seed: UInt64
    ) throws(DetectionError) -> SelfTestReport {
        let calibration = try calibration(model, weights, windows)
        return try SelfTest.run(model: model, calibration: calibration, windows: windows, seed: seed)
    }
}
