// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetDetection
import LinnetEdge
import LinnetModelConfiguration
import LinnetNN

/// What is trained and how: one file whose `model` section is an agent's and a coordinator's, and whose `window` and
/// `detection` sections are an agent's, key by key, so that what was tried in the lab is copied to the plant as it is.
struct LabConfiguration {
    var training: ModelTraining

    /// Reads the file at `path`.
    ///
    /// - Parameter seed: of first weights and the order of rows.
    /// - Throws: ``ConfigurationProblems``, all at once.
    init(path: String, seed: UInt64) throws(ConfigurationProblems) {
        let file = try ConfigurationFile(path: path)
        let model = ModelConfiguration(reading: file.root.section("model"))
        let window = file.root.section("window")
        let samples = WindowConfiguration(reading: window)
        let detection = DetectionConfiguration(reading: file.root.section("detection"))
        training = ModelTraining(
            model: model.network, scaling: model.scaling, length: samples.length, stride: samples.stride,
            maximumGapMilliseconds: window.has("maximumGap") ? samples.maximumGapMilliseconds : nil,
            missing: .hold(samples.holdMissing),
            settings: Self.settings(reading: file.root.section("training"), seed: seed),
            falseAlarmsPerDay: model.falseAlarmsPerDay ?? detection.falseAlarmsPerDay,
            calibration: detection.calibration)
        try file.finish()
    }

    /// Reads the `training` section; what is wrong with it is noted there.
    private static func settings(reading section: ConfigurationSection, seed: UInt64) -> TrainingSettings {
        func choice<Value: RawRepresentable & CaseIterable>(
            _ key: String, default value: Value
        ) -> Value where Value.RawValue == String {
            let text = section.string(key, default: value.rawValue, allowed: Value.allCases.map(\.rawValue))
            return Value(rawValue: text) ?? value
        }
        func number(_ key: String, default value: Double, in range: ClosedRange<Double>) -> Float {
            Float(section.number(key, default: value, in: range))
        }
        let method = choice("optimizer", default: OptimizerDescription.Method.adam)
        let epochs = section.integer("epochs", default: 30, in: 1...100_000)
        return TrainingSettings(
            epochs: epochs,
            batchSize: section.integer("batchSize", default: 32, in: 1...65_536),
            learningRate: number("learningRate", default: 0.001, in: 1e-9...10),
            optimizer: OptimizerDescription(
                method: method, momentum: number("momentum", default: 0.9, in: 0...0.9999),
                beta1: number("beta1", default: 0.9, in: 0...0.9999),
                beta2: number("beta2", default: 0.999, in: 0...0.999999), epsilon: method == .adagrad ? 1e-10 : 1e-8,
                weightDecay: number("weightDecay", default: 0.01, in: 0...1)),
            schedule: schedule(reading: section, epochs: epochs),
            loss: Loss(choice("loss", default: Loss.Formula.meanSquaredError)),
            clipValue: number("clipValue", default: 0, in: 0...1e6),
            clipNorm: number("clipNorm", default: 10, in: 0...1e6), l1: number("l1", default: 0, in: 0...10),
            l2: number("l2", default: 0, in: 0...10), seed: seed,
            patience: section.integer("patience", default: 5, in: 1...100_000))
    }

    /// How the learning rate changes: `schedule`, with `decayFactor` and `decayEpochs` where it has them, and `warmUpSteps`.
    private static func schedule(reading section: ConfigurationSection, epochs: Int) -> LearningRateSchedule {
        let warmUpSteps = section.integer("warmUpSteps", default: 0, in: 0...1_000_000_000)
        func factor(default value: Double) -> Double {
            section.number("decayFactor", default: value, in: 0.000001...1)
        }
        let decay: LearningRateSchedule.Decay
        switch section.string(
            "schedule", default: "constant", allowed: ["constant", "step", "exponential", "cosine"])
        {
        case "step":
            decay = .step(
                epochs: section.integer("decayEpochs", default: 10, in: 1...100_000), factor: factor(default: 0.5))
        case "exponential": decay = .exponential(factor: factor(default: 0.95))
        case "cosine": decay = .cosine(epochs: section.integer("decayEpochs", default: epochs, in: 1...100_000))
        default: decay = .constant
        }
        return LearningRateSchedule(decay, warmUpSteps: warmUpSteps)
    }
}
