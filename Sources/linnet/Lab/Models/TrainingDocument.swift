// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection
import LinnetDomain
import LinnetNN
import LinnetNumerics

/// What came of a training, for people and as JSON.
struct TrainingDocument: Encodable {
    var model: String
    var family: String
    var parameters: Int
    var channels: Int
    var windowLength: Int
    var inputs: [String]
    var fittedWindows: Int
    var calibratedWindows: Int
    var threshold: Double
    var expectedFalseAlarmsPerDay: Double
    var seconds: Double
    var report: TrainingReport

    init(_ outcome: ModelTraining.Outcome, output: String, inputs: [String], seconds: Double) {
        let model = outcome.model
        self.model = output
        family = model.artifact.architecture.family
        parameters = model.artifact.parameters.count
        channels = model.contract.channels.count
        windowLength = model.contract.windowLength
        self.inputs = inputs
        fittedWindows = outcome.fittedWindows
        calibratedWindows = outcome.calibratedWindows
        threshold = model.calibration.threshold
        expectedFalseAlarmsPerDay = model.calibration.expectedFalseAlarmsPerDay
        self.seconds = seconds
        report = outcome.report
    }

    func lines() -> [String] {
        let epochs = report.epochs.count
        let kept =
            report.bestEpoch == 0
            ? "those it began with; try a greater training.patience, or another training.learningRate"
            : "those of epoch \(report.bestEpoch)"
        return [
            "\(family): \(HumanText.plural(parameters, "parameter")), windows of \(windowLength) samples of "
                + HumanText.plural(channels, "channel"),
            "trained on \(HumanText.plural(fittedWindows, "window")) in \(HumanText.number(seconds)) s, "
                + HumanText.plural(epochs, "epoch") + (report.stoppedEarly ? ", stopped early" : ""),
            "held-out loss \(HumanText.number(report.initialValidationLoss)) before, "
                + "\(HumanText.number(report.bestValidationLoss)) after; weights kept: \(kept)",
            "  " + HumanText.sparkline(report.epochs.map(\.validation)),
            "threshold \(HumanText.number(threshold)) from \(HumanText.plural(calibratedWindows, "other window")), for "
                + "\(HumanText.number(expectedFalseAlarmsPerDay)) anomalous windows a day",
            "the model is in \(model)",
        ]
    }
}
