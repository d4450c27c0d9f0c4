// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNN
import LinnetNumerics

/// How some weights do on a device, on normal windows that nothing was fitted on and on small faults laid over them.
public struct WeightTrial: Sendable, Hashable {
    public var kind: WeightKind
    /// Share of the synthetic faults that were found.
    public var recall: Double
    /// Share of untouched windows above the threshold.
    public var falseShare: Double

    public init(kind: WeightKind, recall: Double, falseShare: Double) {
        self.kind = kind
        self.recall = recall
        self.falseShare = falseShare
    }

    /// Faults are this large, in scales: larger ones any weights find.
    static let faultSize: Float = 3

    /// Tries weights out; the same seed draws the same faults.
    ///
    /// - Parameter windows: of the device, normal, held back from training and calibration.
    /// - Throws: ``DetectionError`` if the windows do not fit the model.
    public init(
        _ kind: WeightKind, model: ModelArtifact, calibration: Calibration, windows: [SampleWindow], seed: UInt64
    ) throws(DetectionError) {
        let detector = try DeviceDetector(model: model, calibration: calibration)
        var generator = SeededGenerator(seed: seed)
        var (above, drawn, found) = (0, 0, 0)
        for (number, window) in windows.enumerated() {
            if try detector.judge(window).modelScore > calibration.threshold { above += 1 }
            let channel = number % window.channelCount
            for fault in SyntheticFault.allCases {
                guard
                    let faulty = fault.drawn(
                        over: window, channel: channel, center: calibration.level.center[channel],
                        scale: calibration.level.scale[channel], size: Self.faultSize, using: &generator)
                else { continue }
                drawn += 1
                if try detector.judge(faulty).modelScore > calibration.threshold { found += 1 }
            }
        }
        self.init(
            kind: kind, recall: drawn > 0 ? Double(found) / Double(drawn) : 0,
            falseShare: windows.isEmpty ? 1 : Double(above) / Double(windows.count))
    }

    /// By how much other weights must find more than the released ones, and how much more often they may alarm for nothing.
    public static let neededGain = 0.05
    static let toleratedFalseShare = 0.01

    /// Decides whose weights a device goes on with.
    ///
    /// The released ones, with the agent's own layers where it has some: the fleet has tried them, and the next round goes on
    /// from them. Others only if they find clearly more and cry wolf no more often.
    ///
    /// - Parameter trials: one of each kind that could be tried.
    public static func best(_ trials: [WeightTrial]) -> WeightKind {
        guard let released = trials.first(where: { $0.kind == .released || $0.kind == .ownLayers }) else {
            return .released
        }
        let better = trials.filter {
            $0.kind != released.kind && $0.recall >= released.recall + neededGain
                && $0.falseShare <= released.falseShare + toleratedFalseShare
        }
        return better.max { ($0.recall, $1.kind.rawValue) < ($1.recall, $0.kind.rawValue) }?.kind ?? released.kind
    }
}
