// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// A device's model, ready to score.
struct Scorer {
    let version: ModelVersion
    let device: DeviceScorer

    init(
        _ model: DeviceModel, windowsPerDay: Double, recalibrates: Bool, at time: Timestamp
    ) throws(DetectionError) {
        version = model.version
        device = try DeviceScorer(
            model: model.artifact, calibration: model.calibration, windowsPerDay: windowsPerDay,
            recalibrates: recalibrates, at: time)
    }

    /// Whether the threshold was not fitted on the device's own scores.
    var isProvisional: Bool { device.calibration.isProvisional }

    /// Most channels that an event names, so that it always fits into a message.
    private static let maximumContributions = 256

    func contributions(_ window: SampleWindow, channels: [Channel]) throws(DetectionError) -> [ChannelContribution] {
        Array(try device.contributions(window, channels: channels).prefix(Self.maximumContributions))
    }
}
