// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging
import Logging

extension FleetCoordinator {
    /// Ends an evaluation round that has enough answers: what they come to is a function of what is stored, and is stored
    /// with the end of the round.
    func evaluate(_ open: Round) throws {
        guard let version = open.base?.version else { return try abandon(open, "it names no version") }
        var reports: [(agent: AgentID, body: EvaluationBody)] = []
        for update in try store.updates(of: open.number) {
            // Checked when it came; what the disk has made of it since may be no report any more.
            guard
                let body = try? Wire.decode(EvaluationBody.self, from: update.body, limit: EvaluationBody.maximumBytes)
            else { continue }
            reports.append((update.header.agent, body))
        }
        guard let evaluation = VersionEvaluation(reports, of: version, round: open.number) else {
            return try abandon(
                open, "\(reports.count) reports can be read; \(VersionEvaluation.minimumAgents) are needed")
        }
        var round = open
        round.phase = .committed
        round.endedAt = clock.now()
        round.evaluation = evaluation
        let audit = entry(
            "version evaluated", "version \(version)",
            "round \(round.number), \(evaluation.agents) agents, \(evaluation.windows) windows, loss \(evaluation.loss), "
                + "anomalous share \(evaluation.anomalousShare)")
        guard try store.move(round, from: .aggregating, audit: audit) else { return }
        logger.info(
            "version evaluated",
            metadata: [
                "round": "\(round.number)", "version": "\(version)", "agents": "\(evaluation.agents)",
                "loss": "\(evaluation.loss)", "anomalous.share": "\(evaluation.anomalousShare)",
            ])
        announce(round)
    }
}
