// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNN

/// A model as one device runs it.
public struct DeviceModel: Sendable, Equatable {
    public var version: ModelVersion
    public var artifact: ModelArtifact
    public var calibration: Calibration

    public init(version: ModelVersion, artifact: ModelArtifact, calibration: Calibration) {
        self.version = version
        self.artifact = artifact
        self.calibration = calibration
    }
}

/// A device's model, ready to score. It belongs to one device and never leaves it: its working memory is its own.
final class Scorer {
    let version: ModelVersion
    let threshold: Double
    /// Whether the threshold was not fitted on the device's own scores.
    let isProvisional: Bool
    private let detector: ReconstructionDetector

    init(_ model: DeviceModel) throws(DetectionError) {
        version = model.version
        threshold = model.calibration.threshold
        isProvisional = model.calibration.isProvisional
        detector = try ReconstructionDetector(model: model.artifact, calibration: model.calibration)
    }

    func score(_ window: SampleWindow) throws(DetectionError) -> ScoredWindow {
        ScoredWindow(
            start: window.start, end: window.end, score: try detector.score(window), threshold: threshold)
    }

    /// Most channels that an event names, so that it always fits into a message.
    private static let maximumContributions = 256

    func contributions(_ window: SampleWindow, channels: [Channel]) throws(DetectionError) -> [ChannelContribution] {
        Array(try detector.contributions(window, channels: channels).prefix(Self.maximumContributions))
    }
}
