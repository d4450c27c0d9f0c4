// SPDX-License-Identifier: Apache-2.0

import LinnetFleet

/// What agents measure in a rollout, as a person reads it.
enum RolloutEvidence {
    /// Pairs that say more together: what the version before reached, and what the new one does.
    private static let pairs: [(name: String, before: String, now: String)] = [
        ("anomalous", "shadow.activeAnomalous", "shadow.candidateAnomalous"),
        ("error", "shadow.activeErrorMedian", "shadow.candidateErrorMedian"),
        ("95 % error", "shadow.activeError95", "shadow.candidateError95"),
        ("µs", "shadow.activeMicroseconds", "shadow.candidateMicroseconds"),
        ("anomalous then", "probation.anomalousBefore", "probation.anomalous"),
    ]
    /// Single ones in the order in which they are measured.
    private static let single: [(name: String, key: String)] = [
        ("live windows", "shadow.windows"), ("spikes found", "selfTest.spike"), ("drifts", "selfTest.drift"),
        ("dropouts", "selfTest.dropout"), ("stuck", "selfTest.stuck"), ("quiet", "selfTest.quiet"),
        ("tested on", "selfTest.windows"), ("windows after the switch", "probation.windows"),
    ]

    /// The ratios behind an agent's standing, in short.
    static func summary(_ evidence: [String: Double]) -> String {
        pairs.filter { $0.before.hasPrefix("shadow.") && $0.name != "95 % error" }.compactMap { text($0, evidence) }
            .joined(separator: ", ")
    }

    /// What was counted beside the version before, once the new one was active.
    static func afterSwitch(_ evidence: [String: Double]) -> String {
        guard let windows = evidence["probation.windows"] else { return "" }
        let counted = text(("anomalous", "probation.anomalousBefore", "probation.anomalous"), evidence)
        return ["\(number(windows)) windows after the switch", counted].compactMap(\.self).joined(separator: ", ")
    }

    /// Everything, with what has no name of its own at the end.
    static func all(_ evidence: [String: Double]) -> String {
        let told = Set(pairs.flatMap { [$0.before, $0.now] } + single.map(\.key))
        let rest = evidence.keys.filter { !told.contains($0) }.sorted()
        return
            (single.compactMap { name, key in evidence[key].map { "\(name) \(number($0))" } }
            + pairs.compactMap { text($0, evidence) }
            + rest.map { "\($0) \(number(evidence[$0] ?? 0))" }).joined(separator: ", ")
    }

    private static func text(
        _ pair: (name: String, before: String, now: String), _ evidence: [String: Double]
    ) -> String? {
        guard let before = evidence[pair.before], let now = evidence[pair.now] else { return nil }
        return "\(pair.name) \(number(before)) → \(number(now))"
    }

    /// A count without digits behind the point.
    static func number(_ value: Double?) -> String {
        if let value, let whole = Int(exactly: value), abs(whole) < 1_000_000 { return "\(whole)" }
        return HumanText.number(value)
    }
}
