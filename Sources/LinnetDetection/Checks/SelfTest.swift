// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNN
import LinnetNumerics

/// What a self-test found.
public struct SelfTestReport: Sendable, Codable, Equatable {
    /// Share of the synthetic faults of each kind that were found; a kind that could not be drawn is absent.
    public var recall: [String: Double]
    /// Share of untouched windows that stayed below the threshold.
    public var quietShare: Double
    public var windows: Int
    /// How the model's scaler compares with the device's own spread.
    public var scaler: ScalerCheck
    public var passed: Bool
    /// One sentence for a person.
    public var reason: String

    /// The numbers by name, as a rollout reports them.
    public var evidence: [String: Double] {
        var evidence = ["selfTest.quiet": quietShare, "selfTest.windows": Double(windows)]
        for (kind, share) in recall { evidence["selfTest.\(kind)"] = share }
        return evidence.merging(scaler.evidence) { test, _ in test }
    }
}

/// Tries a model on the device itself: synthetic faults laid over its own recent normal windows must be found, and the
/// same windows untouched must stay quiet. A model that alarms always, or never, fails.
///
/// On a device whose readings come in bursts no model finds faults of this size, so one that replaces another is held
/// against that one, calibrated on the same windows.
public enum SelfTest {
    /// Share of the faults of each required kind that must be found.
    static let neededRecall = 0.6
    /// What of the replaced model's recall must be reached where that is less. A threshold rests on the few highest scores
    /// of normal windows, and with it the recall swings that far between equally good models.
    static func needed(replaced recall: Double?) -> Double {
        recall.map { min(neededRecall, $0 * 0.5 - 0.1) } ?? neededRecall
    }
    /// Share of untouched windows that must stay quiet.
    static let neededQuiet = 0.9
    /// Windows used at most, the newest.
    static let maximumWindows = 100
    /// Kinds that must be found. A stuck sensor may stand at a value that fits the others: it is told, not required.
    static let required: Set<SyntheticFault> = [.spike, .drift, .dropout]

    /// Runs the test; the same seed draws the same faults.
    ///
    /// - Parameters:
    ///   - windows: recent normal windows of the device, oldest first.
    ///   - replaced: what the model to be replaced reached on the same windows; `nil` where there is none.
    ///   - releasedScale: the scaler of the released model to be replaced; `nil` where there is none.
    /// - Throws: ``DetectionError`` if there are no windows, or they do not fit the model.
    public static func run(
        model: ModelArtifact, calibration: Calibration, windows: [SampleWindow], replaced: SelfTestReport? = nil,
        releasedScale: [Float]? = nil, seed: UInt64
    ) throws(DetectionError) -> SelfTestReport {
        let recent = Array(windows.suffix(maximumWindows))
        guard !recent.isEmpty else { throw .tooFewWindows(found: 0, needed: 1) }
        // The model alone: the linear reference finds such faults as well, and would cover for a model that finds none.
        let detector = try DeviceDetector(model: model, calibration: calibration)
        var quiet = 0
        for window in recent where try detector.judge(window).modelScore <= calibration.threshold { quiet += 1 }
        var generator = SeededGenerator(seed: seed)
        var recall: [String: Double] = [:]
        for kind in SyntheticFault.allCases {
            var drawn = 0
            var found = 0
            for (number, window) in recent.enumerated() {
                let channel = number % window.channelCount
                guard
                    let faulty = kind.drawn(
                        over: window, channel: channel, center: calibration.level.center[channel],
                        scale: calibration.level.scale[channel], using: &generator)
                else { continue }
                drawn += 1
                if try detector.judge(faulty).modelScore > calibration.threshold { found += 1 }
            }
            if drawn > 0 { recall[kind.rawValue] = Double(found) / Double(drawn) }
        }
        return report(
            recall: recall, quietShare: Double(quiet) / Double(recent.count), windows: recent.count,
            scaler: ScalerCheck(scaler: model.scaler, before: releasedScale, windows: windows), replaced: replaced)
    }

    private static func report(
        recall: [String: Double], quietShare: Double, windows: Int, scaler: ScalerCheck, replaced: SelfTestReport?
    ) -> SelfTestReport {
        let isQuiet = quietShare >= neededQuiet
        var complaints = scaler.complaint.map { [$0] } ?? []
        for kind in SyntheticFault.allCases where required.contains(kind) {
            guard let share = recall[kind.rawValue] else { continue }
            let needed = needed(replaced: replaced?.recall[kind.rawValue])
            guard share < needed else { continue }
            complaints.append(
                "found \(percent(share)) of the synthetic faults \"\(kind.rawValue)\"; \(percent(needed)) are needed")
        }
        if !isQuiet {
            complaints.append(
                "stayed quiet on \(percent(quietShare)) of normal windows; \(percent(neededQuiet)) are needed")
        }
        return SelfTestReport(
            recall: recall, quietShare: quietShare, windows: windows, scaler: scaler, passed: complaints.isEmpty,
            reason: complaints.isEmpty
                ? "finds synthetic faults and is quiet on \(percent(quietShare)) of \(windows) normal windows"
                : complaints.joined(separator: "; "))
    }

    /// Shares are between 0 and 1, so the conversion holds.
    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}
