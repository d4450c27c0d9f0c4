// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetNN
import LinnetNumerics

/// Tells how well a version detects, on devices of honest agents and windows that nobody has learned from.
struct ModelJudge {
    private struct Device {
        let training: [SampleWindow]
        let judging: JudgingWindows
        let triggered: [SampleWindow]
    }

    private let devices: [Device]

    /// The share of normal windows above a threshold: where the attack literature sets it.
    private static let exceedance = 0.01

    /// - Parameters:
    ///   - agents: whose devices judge.
    ///   - trigger: the pattern of a backdoor, if there is one to be looked for.
    init(data: any FleetData, agents: [Int], trigger: WindowPoison?) {
        devices = agents.map { agent in
            let (training, judging) = (data.trainingWindows(of: agent), data.judgingWindows(of: agent))
            return Device(
                training: training, judging: judging,
                triggered: trigger?.triggered(judging.normal, spread: WindowPoison.spread(of: training)) ?? [])
        }
    }

    /// Judges a version: reconstruction error on normal windows, and detection at each device's own threshold.
    func quality(of model: ModelArtifact) throws(SimulationError) -> DetectionQuality {
        var model = model
        // A day of one window makes the policy's rate a share of windows.
        model.falseAlarmsPerDay = Self.exceedance
        var quality = DetectionQuality()
        for device in devices {
            do throws(DetectionError) {
                let calibration = try Calibration.fit(
                    model: model, windows: device.training, windowsPerDay: 1,
                    settings: CalibrationSettings(usesLinearReference: false))
                let detector = try DeviceDetector(model: model, calibration: calibration)
                for window in device.judging.normal {
                    let judgement = try detector.judge(window)
                    quality.addNormal(score: judgement.error, isAlarm: judgement.score > calibration.threshold)
                }
                for window in device.judging.faulty {
                    quality.addFaulty(isAlarm: try detector.judge(window).score > calibration.threshold)
                }
                for window in device.triggered {
                    quality.addTriggered(isAlarm: try detector.judge(window).score > calibration.threshold)
                }
            } catch {
                throw .judging("\(error)")
            }
        }
        return quality
    }
}
