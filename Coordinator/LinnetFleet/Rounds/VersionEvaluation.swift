// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetMessaging

/// How a version does on agents that did not train it, stored with the round that has asked them.
///
/// Agents are unequal and may lie, so the loss is the median of what they report, and a large agent's windows count for no
/// more than four times the median agent's. A version of an autoencoder has no labels to be judged by: the loss says how
/// well it explains normal windows, and the anomalous share what it would cost in false alarms.
public struct VersionEvaluation: Codable, Sendable, Equatable {
    public var version: ModelVersion
    /// The round that has asked.
    public var round: Int
    /// How many agents have answered.
    public var agents: Int
    /// Windows that they have scored, by their own account.
    public var windows: Int
    /// The median, the least and the greatest of the agents' mean scores.
    public var loss: Double
    public var leastLoss: Double
    public var greatestLoss: Double
    /// Share of the windows above the threshold, weighted by windows.
    public var anomalousShare: Double

    /// Fewest agents that make an evaluation: fewer would tell one agent's loss.
    public static let minimumAgents = 3

    /// Puts together what agents have reported of a version.
    ///
    /// - Returns: `nil` with fewer than ``minimumAgents`` usable reports; the same in whatever order they came.
    public init?(_ reports: [(agent: AgentID, body: EvaluationBody)], of version: ModelVersion, round: Int) {
        let reports = reports.sorted { $0.agent < $1.agent }.map(\.body)
        guard reports.count >= Self.minimumAgents else { return nil }
        let losses = reports.map(\.loss).sorted()
        let counts = reports.map(\.windows).sorted()
        let limit = 4 * Double(counts[(counts.count - 1) / 2])
        var (weights, anomalous) = (0.0, 0.0)
        for report in reports {
            let weight = min(Double(report.windows), limit)
            weights += weight
            anomalous += weight * Double(report.anomalous) / Double(report.windows)
        }
        self.version = version
        self.round = round
        agents = reports.count
        // Each is at most 10⁹, and so many agents there are not that the sum could overflow.
        windows = counts.reduce(0, +)
        loss = (losses[(losses.count - 1) / 2] + losses[losses.count / 2]) / 2
        leastLoss = losses[0]
        greatestLoss = losses[losses.count - 1]
        anomalousShare = anomalous / weights
    }
}
