// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetNN
import LinnetNumerics

/// What a model is before it has learned anything: the `model` section, key by key the same for an agent that learns alone,
/// for a coordinator's cohorts and in the lab, so that what was tried in one place is copied to another as it is.
///
///     model: {family: usad, latent: 4, scaling: robust, falseAlarmsPerDay: 0.5}
public struct ModelConfiguration: Sendable, Equatable {
    /// The family, and what of it is not left to the size of the window.
    public var network: ModelDescription
    /// What the scale of a channel is made of.
    public var scaling: ScalingRule
    /// What each device's threshold aims at; `nil` where nothing is said of it here.
    public var falseAlarmsPerDay: Double?

    /// The smallest family, in the widths that it has always had without a word about them.
    public static let smallest: ModelDescription = {
        var network = ModelDescription.dense([24, 8])
        network.activation = .tanh
        return network
    }()

    public init(
        network: ModelDescription = smallest, scaling: ScalingRule = .standard, falseAlarmsPerDay: Double? = nil
    ) {
        self.network = network
        self.scaling = scaling
        self.falseAlarmsPerDay = falseAlarmsPerDay
    }

    /// Reads the `model` section; what is wrong with it is noted there.
    public init(reading section: ConfigurationSection) {
        network = ModelDescription(reading: section)
        let rule = section.string(
            "scaling", default: ScalingRule.standard.rawValue, allowed: ScalingRule.allCases.map(\.rawValue))
        scaling = ScalingRule(rawValue: rule) ?? .standard
        falseAlarmsPerDay =
            section.has("falseAlarmsPerDay") ? section.number("falseAlarmsPerDay", in: 0.0001...1000) : nil
    }
}
