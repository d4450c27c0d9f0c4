// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetEdge
import LinnetFleet
import LinnetMessaging
import LinnetNumerics

extension Simulation {
    /// Carries out one event.
    ///
    /// - Returns: rounds that ended by it.
    mutating func handle(_ event: SimulationEvent) async throws -> [RoundOutcome] {
        let now = queue.now
        switch event {
        case .openRound: return perform(coordinator.open(at: now, agents: coordinator.round == nil ? records() : []))
        case .deadline(let round): return perform(coordinator.deadline(of: round, at: now))
        case .update(let submission): return receive(submission)
        case .coordinatorUp:
            log.add(queue.uptime, "coordinator up")
            return perform(coordinator.restart(at: now))
        case .offer, .base, .trained, .receipt, .agentTick, .agentUp: try await handleAtAgent(event)
        }
        return []
    }

    private mutating func receive(_ submission: Submission) -> [RoundOutcome] {
        guard coordinator.isUp else { return [] }
        if network.chance(settings.faults.coordinatorRestart) {
            log.add(queue.uptime, "coordinator killed")
            coordinatorRestarts += 1
            coordinator.isUp = false
            queue.plan(.coordinatorUp, after: 1000 + Int64(9000 * network.uniform()))
            return []
        }
        return perform(coordinator.receive(submission, at: queue.now))
    }

    private mutating func perform(_ actions: [SimulatedCoordinator.Action]) -> [RoundOutcome] {
        var ended: [RoundOutcome] = []
        for action in actions {
            switch action {
            case .broadcast(let offer): broadcast(offer)
            case .answer(let agent, let receipt):
                let verdict = receipt.accepted ? "accepted" : "refused: \(receipt.reason)"
                log.add(
                    queue.uptime, "update \(receipt.sequence) of \(agents[agent].id), round \(receipt.round) \(verdict)"
                )
                if !receipt.accepted, !agents[agent].isMalicious { honestRefused += 1 }
                for delay in network.deliver(latency: agents[agent].latency) {
                    queue.plan(.receipt(agent: agent, receipt), after: delay)
                }
            case .plan(let event, let delay): queue.plan(event, after: delay)
            case .ended(let outcome):
                let version = coordinator.newest?.version.digest.hex ?? "none"
                log.add(
                    queue.uptime,
                    "round \(outcome.round) \(outcome.phase) with \(outcome.accepted) updates, version \(version)")
                ended.append(outcome)
            }
        }
        return ended
    }

    /// Hands an offer to all who are asked; those who are not would do nothing with it.
    private mutating func broadcast(_ offer: RoundOffer) {
        log.add(
            queue.uptime,
            "round \(offer.round) \(offer.isOpen ? "offered to" : "closed for") \(offer.participants.count)")
        attacker?.begin(round: offer.round)
        for id in offer.participants {
            guard let agent = numbers[id] else { continue }
            if offer.isOpen { agents[agent].isSilent = network.chance(settings.faults.dropOut) }
            deliver(offer, to: agent, wasRetained: false)
        }
    }

    /// An offer is never lost for good: the broker keeps it, and hands it out at the next connect.
    mutating func deliver(_ offer: RoundOffer, to agent: Int, wasRetained: Bool) {
        let delays = network.deliver(latency: agents[agent].latency)
        for delay in delays { queue.plan(.offer(agent: agent, offer, wasRetained: wasRetained), after: delay) }
        guard delays.isEmpty else { return }
        let reconnect = 1000 + Int64(29_000 * network.uniform())
        queue.plan(.offer(agent: agent, offer, wasRetained: true), after: reconnect)
    }

    /// What the coordinator knows of the agents: who is there, and has enough windows.
    private func records() -> [AgentRecord] {
        let now = queue.now
        var generator = SeededGenerator(seed: settings.seed)
        let session = ULID(at: queue.start, using: &generator)
        return agents.enumerated().map { number, agent in
            AgentRecord(
                id: agent.id, session: session, isOnline: agent.isUp, lastSeen: now,
                state: AgentState(
                    agent: agent.id, session: session, software: Software.version, at: now,
                    cohort: coordinator.cohort, contract: data.contract, devices: [], active: nil, previous: nil,
                    candidate: nil, release: 0, trainingWindows: data.windowCount(of: number), outboxDepth: 0,
                    outboxDropped: 0,
                    residentBytes: 0, echo: ""))
        }
    }
}
