// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// Holds the scale that a model brings against what the device itself has seen.
///
/// A device is standardized by its own level and spread, so that a wrong scaler does not show in its scores: it makes the
/// device blind instead. The model's scale counts for ``DeviceLevel/priorSamples`` of the device's samples, and one a thousand
/// times too large widens every channel, the threshold's scores and the synthetic faults alike.
public struct ScalerCheck: Sendable, Codable, Equatable {
    /// How many times larger or smaller than the device's own spread the scale of most channels may be. Machines of one
    /// cohort shake differently, and one that stands still shakes hardly at all.
    public static let limit = 20.0
    /// How many times larger or smaller than before any one channel's scale may be, from one released model to the next.
    public static let changeLimit = 20.0

    /// The scale as a multiple of the device's own spread: the median over the channels that move; `nil` if none does.
    public var ratio: Double?
    /// The largest change of a channel's scale from the model before, as a multiple, 1 or more; `nil` without one.
    public var change: Double?
    /// Which channel that is, by its place.
    public var changedChannel: Int?

    /// Compares.
    ///
    /// - Parameters:
    ///   - scaler: the model's; all scales are above 0.
    ///   - before: the scales of the released model which it would replace; `nil` where there is none. A model that the agent has
    ///     learned alone says nothing of the cohort.
    ///   - windows: recent normal windows of the device.
    public init(scaler: ChannelScaler, before: [Float]?, windows: [SampleWindow]) {
        let scale = scaler.scale
        let center = DeviceLevel.center(of: windows)
        if center.count == scale.count {
            var ratios: [Double] = []
            for (own, scale) in zip(DeviceLevel.spreads(of: windows, around: center, by: scaler.rule), scale) {
                let spread = own.square.squareRoot()
                if spread > 0, spread.isFinite { ratios.append(Double(scale) / spread) }
            }
            if !ratios.isEmpty { ratio = ratios.takeMedian() }
        }
        guard let before, before.count == scale.count else { return }
        for (channel, (new, old)) in zip(scale, before).enumerated() {
            let change = Double(max(new, old)) / Double(min(new, old))
            // Not `<=`: what is not a number is the largest change of all.
            if let known = self.change, change < known || known.isNaN { continue }
            (self.change, changedChannel) = (change, channel)
        }
    }

    /// What is wrong with the scaler, in words; `nil` if nothing is.
    public var complaint: String? {
        if let ratio, !(ratio <= Self.limit && ratio >= 1 / Self.limit) {
            return "its scaler is \(Self.short(ratio)) times this device's own spread; "
                + "\(Self.short(1 / Self.limit)) to \(Self.short(Self.limit)) is plausible"
        }
        if let change, let changedChannel, !(change <= Self.changeLimit) {
            return "its scaler differs \(Self.short(change)) times from the active model's in channel "
                + "\(changedChannel + 1); at most \(Self.short(Self.changeLimit)) is plausible"
        }
        return nil
    }

    /// The numbers by name, as a rollout reports them.
    public var evidence: [String: Double] {
        var evidence: [String: Double] = [:]
        // JSON has no number for what is not one.
        evidence["selfTest.scalerRatio"] = ratio.map { $0.isFinite ? $0 : .greatestFiniteMagnitude }
        evidence["selfTest.scalerChange"] = change.map { $0.isFinite ? $0 : .greatestFiniteMagnitude }
        return evidence
    }

    private static func short(_ value: Double) -> String {
        guard value.isFinite, value < 1e9 else { return "more than 1000000000" }
        return value >= 10 ? "\(Int(value.rounded()))" : "\((value * 1000).rounded() / 1000)"
    }
}
