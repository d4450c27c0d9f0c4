// SPDX-License-Identifier: Apache-2.0

/// How a version must behave on a device beside the one before it on that same device, to count as a success there.
///
/// A limit that is absent is not judged. Every other one needs its measurement: without it the answer is *no data*, which is
/// neither good nor bad.
public struct BehaviourLimits: Codable, Sendable, Equatable {
    /// Windows found anomalous, for each that the version before finds so, of which at least one is counted.
    public var alarmRatio: Double?
    /// Median and 95 % quantile of the reconstruction error, as a multiple of the version's before.
    public var errorMedianRatio: Double?
    public var error95Ratio: Double?
    /// Median time to score one window: in microseconds, and as a multiple of the version's before.
    public var scoringMicroseconds: Double?
    public var scoringRatio: Double?
    /// Share of the synthetic faults that must be found, of each kind that must be found at all.
    public var selfTestRecall: Double?

    public init(
        alarmRatio: Double? = 3, errorMedianRatio: Double? = 4, error95Ratio: Double? = 4,
        scoringMicroseconds: Double? = nil, scoringRatio: Double? = 5, selfTestRecall: Double? = nil
    ) {
        self.alarmRatio = alarmRatio
        self.errorMedianRatio = errorMedianRatio
        self.error95Ratio = error95Ratio
        self.scoringMicroseconds = scoringMicroseconds
        self.scoringRatio = scoringRatio
        self.selfTestRecall = selfTestRecall
    }

    /// Limits that are no numbers, or that nothing could meet.
    public var problems: [RolloutPlanError] {
        let ratios = [
            ("alarmRatio", alarmRatio), ("errorMedianRatio", errorMedianRatio), ("error95Ratio", error95Ratio),
            ("scoringRatio", scoringRatio),
        ]
        var problems: [RolloutPlanError] = []
        for case (let name, let ratio?) in ratios where !(ratio.isFinite && (1...1000).contains(ratio)) {
            problems.append(
                .outside(
                    "limits.\(name)", found: "\(ratio)", allowed: "1 to 1000: a version as good as the last passes"))
        }
        if let time = scoringMicroseconds, !(time.isFinite && time > 0) {
            problems.append(.outside("limits.scoringMicroseconds", found: "\(time)", allowed: "above 0"))
        }
        if let recall = selfTestRecall, !(recall.isFinite && recall > 0 && recall <= 1) {
            problems.append(.outside("limits.selfTestRecall", found: "\(recall)", allowed: "above 0, at most 1"))
        }
        return problems
    }

    /// Judges what a device has measured.
    public func judge(_ evidence: [String: Double]) -> BehaviourVerdict { BehaviourVerdict(findings(evidence)) }

    /// Holds what a device has measured against each limit that is judged there.
    public func findings(_ evidence: [String: Double]) -> [BehaviourFinding] {
        var findings: [BehaviourFinding] = []
        // The device says itself that there was no version to compare with; then nothing can be said of ratios.
        let isAlone = evidence["shadow.windows"] == 0
        func compare(_ gate: String, _ limit: Double?, _ now: String, _ before: String, atLeast floor: Double) {
            guard let limit, !isAlone else { return }
            let measured = evidence[now].flatMap { now in evidence[before].map { now / max($0, floor) } }
            findings.append(BehaviourFinding(gate: gate, measured: measured, limit: limit))
        }
        compare("alarm ratio", alarmRatio, "shadow.candidateAnomalous", "shadow.activeAnomalous", atLeast: 1)
        if evidence["probation.windows"] != nil {
            compare(
                "alarm ratio after the switch", alarmRatio, "probation.anomalous", "probation.anomalousBefore",
                atLeast: 1)
        }
        let smallest = Double.leastNormalMagnitude
        compare(
            "median error ratio", errorMedianRatio, "shadow.candidateErrorMedian", "shadow.activeErrorMedian",
            atLeast: smallest)
        compare("95 % error ratio", error95Ratio, "shadow.candidateError95", "shadow.activeError95", atLeast: smallest)
        compare(
            "scoring time ratio", scoringRatio, "shadow.candidateMicroseconds", "shadow.activeMicroseconds",
            atLeast: smallest)
        if let scoringMicroseconds, !isAlone {
            findings.append(
                BehaviourFinding(
                    gate: "scoring time in µs", measured: evidence["shadow.candidateMicroseconds"],
                    limit: scoringMicroseconds))
        }
        if let selfTestRecall {
            let found = ["spike", "drift", "dropout"].compactMap { evidence["selfTest.\($0)"] }.min()
            findings.append(
                BehaviourFinding(
                    gate: "self-test recall", measured: found, limit: selfTestRecall, mustReach: true))
        }
        return findings
    }
}

/// One limit, and what was measured against it.
public struct BehaviourFinding: Codable, Sendable, Equatable, CustomStringConvertible {
    public var gate: String
    /// Absent where the device has not said.
    public var measured: Double?
    public var limit: Double
    /// Whether the limit is to be reached, rather than kept below.
    public var mustReach: Bool

    public init(gate: String, measured: Double?, limit: Double, mustReach: Bool = false) {
        self.gate = gate
        self.measured = measured
        self.limit = limit
        self.mustReach = mustReach
    }

    /// Whether the limit holds; `nil` without data. What is not finite holds no limit.
    public var holds: Bool? { measured.map { mustReach ? $0 >= limit : $0 <= limit } }

    public var description: String {
        let value = measured.map { "\(($0 * 1000).rounded() / 1000)" } ?? "not measured"
        return "\(gate) \(value), \(mustReach ? "at least" : "at most") \(limit)"
    }
}

/// The three answers.
public enum BehaviourVerdict: Sendable, Equatable {
    case holds
    /// These limits are broken.
    case violated([BehaviourFinding])
    /// None is broken, and of these nothing is known.
    case noData([BehaviourFinding])

    init(_ findings: [BehaviourFinding]) {
        let broken = findings.filter { $0.holds == false }
        let unknown = findings.filter { $0.holds == nil }
        self = broken.isEmpty ? unknown.isEmpty ? .holds : .noData(unknown) : .violated(broken)
    }
}
