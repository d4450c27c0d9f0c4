// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetMessaging
import LinnetNN

extension RoundLearner {
    /// Scores a version on each device's newest windows, which it has given nobody to train on.
    ///
    /// Level and threshold come from the windows before them, as they would if the device ran this version: what is above
    /// the threshold is what the version would cost in false alarms.
    ///
    /// - Parameter own: the layers that have stayed with this agent, for a version that has a place for them.
    /// - Throws: ``RoundFailure`` if no device has enough windows, or the version is none for these devices.
    public func evaluate(
        _ data: TrainingData, offer: RoundOffer, base file: Data, own: OwnLayers? = nil
    ) throws(RoundFailure) -> Answer {
        let model = try base(file, of: offer)
        let weights = own?.weights(for: model)
        var (scored, anomalous, sum) = (0, 0, 0.0)
        for (_, windows) in data.devices {
            let held = Int(Double(windows.count) * Self.validationShare)
            guard held > 0, windows.count - held >= Calibration.minimumWindows else { continue }
            do throws(DetectionError) {
                // The version alone: what a device's own reference finds says nothing of it.
                let calibration = try Calibration.fit(
                    model: model, weights: weights, windows: Array(windows.dropLast(held)),
                    windowsPerDay: windowsPerDay,
                    settings: CalibrationSettings(usesLinearReference: false))
                let detector = try DeviceDetector(model: model, calibration: calibration)
                for window in windows.suffix(held) {
                    let judgement = try detector.judge(window)
                    sum += judgement.error
                    scored += 1
                    if judgement.score > calibration.threshold { anomalous += 1 }
                }
            } catch {
                throw .base("\(error)")
            }
        }
        guard scored > 0 else { throw .tooFewWindows(found: data.count, needed: Self.windowsToEvaluate) }
        let body = EvaluationBody(windows: scored, loss: sum / Double(scored), anomalous: anomalous)
        do throws(WireError) {
            try body.check()
            return Answer(body: try Wire.encode(body), windows: scored)
        } catch {
            throw .result("\(error)")
        }
    }

    /// Windows of a device from which a part can be held back.
    private static var windowsToEvaluate: Int {
        Int(Double(Calibration.minimumWindows - 1) / (1 - validationShare)) + 1
    }
}
