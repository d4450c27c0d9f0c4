// SPDX-License-Identifier: Apache-2.0

/// Brings every channel to zero mean and unit spread: `z = (x - center) / scale`, channel by channel.
///
/// A channel that does not move keeps scale 1: dividing by its tiny spread would turn rounding noise into anomalies.
public struct ChannelScaler: Sendable, Hashable, Codable {
    /// What stands for normal in each channel, in that channel's unit, `[channels]`.
    public var center: [Float]
    /// What one unit of spread is in each channel, in that channel's unit, `[channels]`.
    public var scale: [Float]
    /// What both are made of, and what a device's own level and scale are to be made of.
    public var rule: ScalingRule

    /// Takes all as it is; ask `isValid` before using what came from outside.
    public init(center: [Float], scale: [Float], rule: ScalingRule = .standard) {
        self.center = center
        self.scale = scale
        self.rule = rule
    }

    /// Makes a valid scaler from each channel's mean and standard deviation, or what stands for them, whatever they are.
    ///
    /// - Parameters:
    ///   - means: `[channels]`; a mean that is not finite counts as 0.
    ///   - standardDeviations: `[channels]`; one that is not finite, or not above `1e-6 * max(|mean|, 1e-6)`, is of a
    ///     channel that stands still, whose scale is 1.
    public init(means: [Double], standardDeviations: [Double], rule: ScalingRule = .standard) {
        precondition(means.count == standardDeviations.count, "one mean and one deviation per channel")
        let largest = Double(Float.greatestFiniteMagnitude)
        center = means.map { mean in mean.isFinite ? Float(min(max(mean, -largest), largest)) : 0 }
        scale = zip(means, standardDeviations).map { mean, deviation in
            let still = 1e-6 * max(mean.isFinite ? abs(mean) : 0, 1e-6)
            guard deviation.isFinite, deviation > still else { return 1 }
            return Float(min(deviation, largest))
        }
        self.rule = rule
    }

    /// The number of channels.
    public var count: Int { center.count }

    /// Whether both lists have the same length, every number is finite and every scale is positive (and not subnormal).
    public var isValid: Bool {
        center.count == scale.count && center.allSatisfy(\.isFinite) && scale.allSatisfy { $0.isNormal && $0 > 0 }
    }

    /// Standardizes `values` in place; they are samples one after another, `[samples, channels]`.
    public func standardize(_ values: inout [Float]) {
        precondition(isAligned(with: values), "\(values.count) values are not samples of \(count) channels")
        for i in values.indices {
            let channel = i % count
            values[i] = (values[i] - center[channel]) / scale[channel]
        }
    }

    /// Undoes `standardize` in place; `values` are samples one after another, `[samples, channels]`.
    public func restore(_ values: inout [Float]) {
        precondition(isAligned(with: values), "\(values.count) values are not samples of \(count) channels")
        for i in values.indices {
            let channel = i % count
            values[i] = values[i] * scale[channel] + center[channel]
        }
    }

    private func isAligned(with values: [Float]) -> Bool {
        center.count == scale.count && (values.isEmpty || (count > 0 && values.count % count == 0))
    }
}
