// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetNN
import LinnetNumerics

/// What a device finds out about a version, by the tests that a real agent makes, on the device's own windows.
///
/// Only time is made up: how long a window takes to score follows from the number of parameters, so that the same seed gives
/// the same evidence on every machine.
struct DeviceTrials: Sendable {
    let data: any FleetData
    let seed: UInt64
    /// The device's windows, and the next ones in time.
    struct Windows {
        let stored: [SampleWindow]
        let live: [SampleWindow]
    }

    static let device = DeviceID(checked: "device")
    private static let windowsPerDay = 17_280.0

    func windows(of agent: Int) -> Windows {
        Windows(stored: data.trainingWindows(of: agent), live: data.judgingWindows(of: agent).normal)
    }

    func calibrate(_ model: ModelArtifact, _ windows: Windows) throws(DetectionError) -> Calibration {
        // What is tried is the version; a thousand devices' own references would be fitted for nothing.
        try Calibration.fit(
            model: model, windows: windows.stored, windowsPerDay: Self.windowsPerDay,
            settings: CalibrationSettings(usesLinearReference: false))
    }

    /// Scores live windows beside the active model.
    func shadow(
        _ candidate: ModelCandidate, active: DeviceModel, _ windows: Windows
    ) throws(DetectionError) -> ModelVerdict {
        var trial = ShadowTrial(candidate.version.digest)
        var comparison = ShadowComparison(neededWindows: candidate.manifest.shadowWindows)
        guard let calibration = candidate.calibrations[Self.device], !windows.live.isEmpty else {
            return ModelVerdict(passes: false, reason: "no live windows to compare on", evidence: [:])
        }
        let (new, old) = (
            try scorer(candidate.artifact, calibration), try scorer(active.artifact, active.calibration)
        )
        for number in 0..<candidate.manifest.shadowWindows {
            let window = windows.live[number % windows.live.count]
            comparison.add(candidate: try new(window), active: try old(window), isFiring: false)
            comparison.add(candidate: Self.time(candidate.artifact), active: Self.time(active.artifact))
            if let verdict = trial.add(comparison, of: Self.device) { return verdict }
        }
        return ModelVerdict(passes: false, reason: "no verdict on live windows", evidence: comparison.evidence)
    }

    func selfTest(
        _ candidate: ModelCandidate, replaced: DeviceModel, _ windows: Windows, agent: Int
    ) throws(DetectionError) -> ModelVerdict {
        let seed = seed &+ UInt64(agent)
        guard let calibration = candidate.calibrations[Self.device] else {
            return ModelVerdict(passes: false, reason: "the device is not calibrated", evidence: [:])
        }
        let before = try SelfTest.run(
            model: replaced.artifact, calibration: replaced.calibration, windows: windows.stored, seed: seed)
        let report = try SelfTest.run(
            model: candidate.artifact, calibration: calibration, windows: windows.stored, replaced: before, seed: seed)
        return ModelVerdict(
            passes: report.passed, reason: "device \(Self.device): \(report.reason)", evidence: report.evidence)
    }

    /// Scores the first windows after the switch beside the model before.
    ///
    /// - Returns: why the new model must go, if it must, and what was counted.
    func probation(
        _ new: DeviceModel, before old: DeviceModel, _ windows: Windows
    ) throws(DetectionError) -> (misbehaves: String?, evidence: [String: Double]) {
        var probation = Probation()
        let (scoreNew, scoreOld) = (
            try scorer(new.artifact, new.calibration), try scorer(old.artifact, old.calibration)
        )
        for number in 0..<Probation.windows where !windows.live.isEmpty {
            let window = windows.live[(windows.live.count - 1 - number % windows.live.count)]
            if let reason = probation.add(new: try scoreNew(window), old: try scoreOld(window)) {
                return (reason, probation.evidence)
            }
        }
        return (nil, probation.evidence)
    }

    private func scorer(
        _ model: ModelArtifact, _ calibration: Calibration
    ) throws(DetectionError) -> (SampleWindow) throws(DetectionError) -> ScoredWindow {
        let detector = try DeviceDetector(model: model, calibration: calibration)
        return { window throws(DetectionError) in
            let judgement = try detector.judge(window)
            return ScoredWindow(
                start: window.start, end: window.end, score: judgement.score, threshold: calibration.threshold,
                detector: judgement.detector, error: judgement.error)
        }
    }

    /// Two operations for each parameter, a billion a second, and what every window costs.
    private static func time(_ model: ModelArtifact) -> Duration {
        .nanoseconds(100 + 2 * model.parameters.count)
    }
}
