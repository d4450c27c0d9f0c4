// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNN
import LinnetNumerics

extension LocalLearner {
    /// Newest windows of a device that own weights are learned from, at most: each release makes every device learn.
    static let personalWindows = 2000
    /// Passes over them from the released weights, and from none.
    static let fineTuningEpochs = 4
    static let localEpochs = 20
    /// Share of the windows, the newest, on which weights are tried out.
    static let trialShare = 0.25

    /// Calibrates a released version on each device, with the weights that do best there: the released ones, with the agent's
    /// own layers where the version has a place for them; those after a little training on the device's own windows; or ones
    /// learned from these alone.
    ///
    /// - Parameter pause: called after each batch; `false` ends a training, and its best weights so far are tried.
    /// - Throws: `DetectionError` if the model does not fit the windows.
    public func personalize(
        _ artifact: ModelArtifact, _ data: TrainingData, own: OwnLayers? = nil, seed: UInt64, pause: () -> Bool
    ) throws(DetectionError) -> [DeviceID: Calibration] {
        var calibrations = try calibrate(artifact, data, own: own)
        let weights = own?.weights(for: artifact)
        var start = artifact
        if let merged = weights?.parameters(count: artifact.parameters.count) { start.parameters = merged }
        for (id, all) in data.devices where calibrations[id] != nil {
            let windows = Array(all.suffix(Self.personalWindows))
            let split = windows.count - Int(Double(windows.count) * Self.trialShare)
            guard split >= Calibration.minimumWindows else { continue }
            let (older, newer) = (Array(windows[..<split]), Array(windows[split...]))
            var trials = [try trial(weights?.kind ?? .released, artifact, weights, older, newer, seed)]
            var learned: [WeightKind: (model: ModelArtifact, weights: OwnWeights)] = [:]
            for kind in [WeightKind.fineTuned, .local] {
                // A training that fails is one candidate fewer.
                guard let own = try? self.own(kind, from: start, older, seed: seed, pause: pause) else { continue }
                trials.append(try trial(kind, own.model, own.weights, older, newer, seed))
                learned[kind] = own
            }
            guard let chosen = learned[WeightTrial.best(trials)] else { continue }
            // On all windows now: those that the weights were learned from are the older ones, and judge no score.
            calibrations[id] = try calibration(chosen.model, chosen.weights, windows)
        }
        return calibrations
    }

    private func trial(
        _ kind: WeightKind, _ model: ModelArtifact, _ weights: OwnWeights?, _ older: [SampleWindow],
        _ newer: [SampleWindow], _ seed: UInt64
    ) throws(DetectionError) -> WeightTrial {
        try WeightTrial(
            kind, model: model, calibration: try calibration(model, weights, older), windows: newer, seed: seed)
    }

    private func own(
        _ kind: WeightKind, from released: ModelArtifact, _ windows: [SampleWindow], seed: UInt64, pause: () -> Bool
    ) throws -> (model: ModelArtifact, weights: OwnWeights) {
        // Thresholds are fitted on the newer ones, which weights must not have seen.
        let fitted = Array(windows[..<Int(Double(windows.count) * Calibration.fitShare)])
        var model = released
        if kind == .local {
            let architecture = released.architecture
            model = try LocalModel.untrained(
                devices: [fitted], architecture: { _, _ in architecture }, scaling: released.scaler.rule,
                falseAlarmsPerDay: released.falseAlarmsPerDay, seed: seed)
        }
        let standardizer = WindowStandardizer(DeviceLevel.fit(fitted, cohort: model.scaler))
        var trainer = Trainer(
            network: try Network(model.architecture),
            settings: TrainingSettings(
                epochs: kind == .local ? Self.localEpochs : Self.fineTuningEpochs, seed: seed, validationShare: 0.2))
        _ = try trainer.fit(&model.parameters, inputs: standardizer.matrix(fitted), pause: pause)
        return (model, OwnWeights(kind, model.parameters))
    }
}
