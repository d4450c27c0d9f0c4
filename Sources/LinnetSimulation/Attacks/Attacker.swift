// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetEdge
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics

/// The one mind behind all malicious agents: watches what honest agents send, and makes what the others send.
struct Attacker {
    let plan: AttackPlan
    private let rule: ServerRule
    private let seed: UInt64
    private var generator: SeededGenerator
    private var round = 0
    private var honest = HonestUpdates()
    private var base: ModelArtifact?
    /// The way of this round, which all malicious agents go.
    private var way: [Double]?
    private var firstMean: [Double]?
    private var captured: [Int: Submission] = [:]

    init(plan: AttackPlan, seed: UInt64, rule: ServerRule) {
        self.plan = plan
        self.rule = rule
        self.seed = seed
        generator = SeededGenerator(seed: seed &+ 0x6576_696c)
    }

    /// What malicious agents do to the windows they learn from.
    var poison: WindowPoison? { WindowPoison.of(plan, seed: seed) }

    mutating func begin(round: Int) {
        guard round != self.round else { return }
        self.round = round
        honest = HonestUpdates()
        base = nil
        way = nil
    }

    /// Sees what an honest agent is going to send.
    mutating func observe(_ result: TrainingResult) {
        guard let file = result.job.base, case .success(let answer) = result.answer,
            let base = base ?? (try? ModelArtifact(parsing: file)),
            let update = try? UpdateDecoding.model(in: answer.body, base: base)
        else { return }
        self.base = base
        honest.add(update.parameters, base: base.parameters)
        way = nil
    }

    /// What a malicious agent answers instead of what it has learned; `nil` where it answers just that.
    mutating func forge(_ answer: RoundLearner.Answer, _ job: TrainingJob) -> RoundLearner.Answer? {
        guard let file = job.base, var model = try? ModelArtifact(parsing: file) else { return nil }
        let base = model.parameters.values
        let own = (try? UpdateDecoding.model(in: answer.body, base: model))?.parameters.values ?? base
        let learned = zip(own, base).map { Double($0) - Double($1) }
        let agents = Double(job.offer.participants.count)
        guard let way = forgedWay(learned: learned, agents: agents) else { return nil }
        model.parameters = ParameterVector(zip(base, way).map { Float(Double($0) + $1) })
        var forged = answer
        forged.body = model.encoded()
        if plan.kind == .freeRider { forged.windows = 1_000_000 }
        // Nobody would believe that it has got worse.
        forged.lossAfter = forged.lossBefore.map { $0 * 0.9 }
        return forged
    }

    /// The update to send again instead of a new one.
    mutating func replay(_ submission: Submission) -> Submission? {
        guard plan.kind == .replay, submission.header.base != nil else { return nil }
        defer { if captured[submission.agent] == nil { captured[submission.agent] = submission } }
        return captured[submission.agent]
    }

    private mutating func forgedWay(learned: [Double], agents: Double) -> [Double]? {
        if let way { return way }
        let mean = honest.mean ?? learned
        let malicious = max(1, (agents * plan.share).rounded(.down))
        if firstMean == nil { firstMean = mean }
        switch plan.kind {
        case .signFlip: way = mean.map { -$0 }
        case .tenfoldSignFlip: way = mean.map { -10 * $0 }
        case .innerProduct: way = mean.map { -0.5 * $0 }
        case .strongInnerProduct: way = mean.map { -2 * $0 }
        case .huge: way = mean.map { 1e6 * $0 }
        case .nan: way = mean.enumerated().map { $0 == 0 ? .nan : $1 }
        case .infinity: way = mean.map { _ in .infinity }
        case .mimic: way = honest.ways.first ?? learned
        case .stale: way = firstMean
        case .freeRider: way = mean.map { _ in 0 }
        case .little:
            let z = Self.hiding(agents: agents, malicious: malicious)
            way = Self.shifted(mean, honest.deviation(around: mean), by: z)
        case .minMax: way = furthest(mean)
        case .optimizedInnerProduct: way = worst(mean, direction: mean, malicious: Int(malicious), largest: 4)
        case .optimizedLittle:
            way = worst(mean, direction: honest.deviation(around: mean), malicious: Int(malicious), largest: 4)
        case .gaussian:
            // Each agent its own noise.
            let scale = 10 * honest.meanLength / Double(mean.count).squareRoot()
            return mean.map { _ in scale * generator.gaussian() }
        case .backdoor: return learned.map { $0 * agents / malicious }
        case .replay, .laundering: return nil
        }
        return way
    }

    /// Baruch et al. 2019: `z = Φ⁻¹((n - f - k) / (n - f))` with `k = ⌊n / 2⌋ + 1 - f` honest agents that must be won over.
    private static func hiding(agents: Double, malicious: Double) -> Double {
        let needed = (agents / 2).rounded(.down) + 1 - malicious
        let share = (agents - malicious - needed) / (agents - malicious)
        return HonestUpdates.normalQuantile(min(max(share, 0.01), 0.99))
    }

    private static func shifted(_ mean: [Double], _ direction: [Double], by length: Double) -> [Double] {
        zip(mean, direction).map { $0 - length * $1 }
    }

    /// Min-Max: as far as the furthest honest two are from each other.
    private func furthest(_ mean: [Double]) -> [Double] {
        let deviation = honest.deviation(around: mean)
        let limit = honest.largestDistance
        var (low, high) = (0.0, 5.0)
        for _ in 0..<20 {
            let middle = (low + high) / 2
            let way = Self.shifted(mean, deviation, by: middle)
            if honest.largestDistance(from: way) <= limit { low = middle } else { high = middle }
        }
        return Self.shifted(mean, deviation, by: low)
    }

    /// Of twenty lengths, the one that moves the rule's own result furthest from the honest mean.
    private func worst(_ mean: [Double], direction: [Double], malicious: Int, largest: Double) -> [Double] {
        guard let base = base?.parameters else { return mean }
        var best = (way: mean, damage: -1.0)
        for step in 1...20 {
            let way = Self.shifted(mean, direction, by: largest * Double(step) / 20)
            let ways = honest.ways + [[Double]](repeating: way, count: malicious)
            let contributions = ways.enumerated().compactMap { number, way -> Contribution? in
                AgentID(rawValue: "agent-\(number)").map { agent in
                    Contribution(
                        agent: agent,
                        parameters: ParameterVector(zip(base.values, way).map { Float(Double($0) + $1) }), windows: 100)
                }
            }
            guard let result = try? rule.aggregation.aggregate(contributions, onto: base) else { continue }
            let moved = zip(result.values, base.values).map { Double($0) - Double($1) }
            let damage = HonestUpdates.distance(moved, mean)
            if damage > best.damage { best = (way, damage) }
        }
        return best.way
    }
}
