// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetDetection

/// What is learned from, and with how much of the machine: the `learning` section.
public struct LearningConfiguration: Sendable, Equatable {
    /// Normal windows a device must have before anything is learned or calibrated.
    public var minimumWindows: Int
    /// Most normal windows that are kept of a device; the oldest go first.
    public var storedWindows: Int
    /// Most passes over the windows when learning alone.
    public var epochs: Int
    /// The share of one processor that training may use.
    public var cpuShare: Double
    /// How often an agent that works alone learns anew, in milliseconds; `nil` for never.
    public var retrainEveryMilliseconds: Int?
    /// Whether each device tries weights of its own beside a released version's, and goes on with those that do best there.
    public var choosesWeights: Bool
    /// The share of a device's windows, those least like the others, that no model is trained on.
    public var trimmedShare: Double

    public init(
        minimumWindows: Int = 200, storedWindows: Int = 20_000, epochs: Int = 30, cpuShare: Double = 0.25,
        retrainEveryMilliseconds: Int? = nil, choosesWeights: Bool = false, trimmedShare: Double = 0
    ) {
        self.minimumWindows = minimumWindows
        self.storedWindows = storedWindows
        self.epochs = epochs
        self.cpuShare = cpuShare
        self.retrainEveryMilliseconds = retrainEveryMilliseconds
        self.choosesWeights = choosesWeights
        self.trimmedShare = trimmedShare
    }

    /// Reads the `learning` section; what is wrong with it is noted there.
    public init(reading section: ConfigurationSection) {
        minimumWindows = section.integer("minimumWindows", default: 200, in: 20...1_000_000)
        storedWindows = section.integer("storedWindows", default: 20_000, in: 20...1_000_000)
        epochs = section.integer("epochs", default: 30, in: 1...10_000)
        cpuShare = section.number("cpuShare", default: 0.25, in: 0.01...1)
        retrainEveryMilliseconds =
            section.has("retrainEvery")
            ? section.duration("retrainEvery", in: .seconds(10) ... .seconds(365 * 86_400)).wholeMilliseconds : nil
        choosesWeights = section.string("weights", default: "released", allowed: ["released", "choose"]) == "choose"
        trimmedShare = section.number("trimmedShare", default: 0, in: 0...TrimmedWindows.mostShare)
        if storedWindows < minimumWindows {
            section.problem(
                "storedWindows",
                "is \(storedWindows); it must be at least \"learning.minimumWindows\" (\(minimumWindows))")
        }
    }
}
