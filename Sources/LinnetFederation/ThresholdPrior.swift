// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDomain

/// How high the scores of normal windows go in a fleet, for devices that have seen too few of their own to know.
///
///     let prior = try ThresholdPrior(merging: sketches)          // at the coordinator, stored with the version
///     let threshold = prior.level(exceedance: 1 / windowsPerDay) // on a new device: one false alarm a day
///
/// It is made of the agents' distributions of scores (``QuantileSketch``) over windows that they did not train on. The tail
/// beyond the 0.9 quantile t is taken for exponential, with the scale s that the 0.99 quantile gives it, as a device does
/// with its own scores: `level = t - s ln(10 q)`.
///
/// As text, which stands in the version's provenance: `agents=4 scale=0.0025 start=0.02 windows=812`.
///
/// Limits: scores are of each agent's own trained weights, and the version is made of all of them, so that it may score a
/// little higher; and in a mixed fleet the tail is that of the machines that are hardest to explain. It is a level to start
/// with, and gives way to the device's own as soon as there is one.
public struct ThresholdPrior: Sendable, Equatable, CustomStringConvertible {
    /// Where the tail begins, t.
    public let start: Double
    /// The tail's scale, s.
    public let scale: Double
    /// How many agents' scores are in it.
    public let agents: Int
    /// How many windows' scores, by the agents' own account.
    public let windows: Int

    /// Fewest agents: fewer would tell one agent's scores.
    public static let minimumAgents = 3
    /// How many times the median agent's tail start an agent's own may be, for its scores to count: a faulty sensor or a
    /// liar must not lift everybody's threshold.
    public static let maximumRatio = 4.0

    private static let tailStart = 0.9
    private static let tailPoint = 0.99

    /// Merges the scores of a round's agents.
    ///
    /// - Parameter sketches: at most one an agent.
    /// - Returns: `nil` with fewer than ``minimumAgents`` usable ones; the same in whatever order they came.
    public init?(merging sketches: [(agent: AgentID, scores: QuantileSketch)]) {
        let usable = sketches.sorted { $0.agent < $1.agent }.compactMap { _, sketch -> (QuantileSketch, Double)? in
            guard sketch.isPlausible, sketch.minimum >= 0, let start = sketch.quantile(Self.tailStart) else {
                return nil
            }
            return (sketch, start)
        }
        let starts = usable.map(\.1).sorted()
        guard starts.count >= Self.minimumAgents else { return nil }
        let limit = Self.maximumRatio * starts[(starts.count - 1) / 2]
        let kept = usable.filter { $0.1 <= limit }.map(\.0)
        guard kept.count >= Self.minimumAgents else { return nil }
        let counts = kept.map(\.count)
        let merged = QuantileSketch.merged(
            zip(kept, zip(ScalerAggregation.capped(counts), counts)).map { ($0, $1.0 / $1.1) })
        guard let start = merged.quantile(Self.tailStart), let point = merged.quantile(Self.tailPoint) else {
            return nil
        }
        self.init(
            start: start, scale: (point - start) / log((1 - Self.tailStart) / (1 - Self.tailPoint)), agents: kept.count,
            windows: Int(exactly: counts.reduce(0, +).rounded()) ?? .max)
    }

    private init?(start: Double, scale: Double, agents: Int, windows: Int) {
        guard start.isFinite, start >= 0, start <= 1e12, scale.isFinite, scale >= 0, scale <= 1e12,
            agents >= Self.minimumAgents, windows > 0
        else { return nil }
        self.start = start
        self.scale = scale
        self.agents = agents
        self.windows = windows
    }

    /// The level that a share of normal scores exceeds.
    ///
    /// - Parameter exceedance: above 0; from a tenth on it is where the tail begins.
    public func level(exceedance: Double) -> Double {
        // What is not above 0, and what is no number, is as rare as can be.
        let share = exceedance > 1e-12 ? min(exceedance, 1 - Self.tailStart) : 1e-12
        return start - scale * log(share / (1 - Self.tailStart))
    }

    // MARK: - As text

    public var description: String { "agents=\(agents) scale=\(scale) start=\(start) windows=\(windows)" }

    /// Reads a description; `nil` for anything else.
    public init?(parsing text: String) {
        var fields: [Substring: Substring] = [:]
        for field in text.split(separator: " ") {
            let sides = field.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, fields.updateValue(sides[1], forKey: sides[0]) == nil else { return nil }
        }
        guard fields.count == 4, let start = fields["start"].flatMap({ Double($0) }),
            let scale = fields["scale"].flatMap({ Double($0) }), let agents = fields["agents"].flatMap({ Int($0) }),
            let windows = fields["windows"].flatMap({ Int($0) })
        else { return nil }
        self.init(start: start, scale: scale, agents: agents, windows: windows)
    }

    /// The key of a version's provenance that it stands under.
    public static let provenanceKey = "thresholdPrior"
}
