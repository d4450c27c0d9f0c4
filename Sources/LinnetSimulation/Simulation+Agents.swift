// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetFleet
import LinnetMessaging
import LinnetNN

extension Simulation {
    /// An agent's way to the coordinator and back, in whole messages a model file takes.
    private static let bytesPerSecond = 100_000.0
    /// How often an agent that waits for an answer looks at the time.
    private static let tickMilliseconds: Int64 = 5000

    mutating func connect(_ agent: Int) { tell(agent, .connectionChanged(true)) }

    mutating func handleAtAgent(_ event: SimulationEvent) async throws {
        switch event {
        case .offer(let agent, let offer, let wasRetained):
            guard agents[agent].isUp else { return }
            let time = queue.now.adding(milliseconds: agents[agent].clockSkew)
            tell(agent, .offer(offer, RoundArrival(wasRetained: wasRetained, at: time)))
        case .base(let agent, let run, let digest):
            guard agents[agent].run == run, let file = coordinator.files[digest] else { return }
            tell(agent, .base(digest, file))
        case .trained(let agent, let run, let round):
            guard agents[agent].run == run, agents[agent].participation.offer?.round == round else { return }
            if computed[agent] == nil { await compute() }
            finish(agent)
        case .receipt(let agent, let receipt):
            guard agents[agent].isUp else { return }
            tell(agent, .receipts([receipt]))
        case .agentTick(let agent, let run):
            guard agents[agent].run == run else { return }
            tell(agent, .tick)
            if agents[agent].participation.offer != nil {
                queue.plan(.agentTick(agent: agent, run: run), after: Self.tickMilliseconds)
            }
        case .agentUp(let agent):
            log.add(queue.uptime, "\(agents[agent].id) up")
            agents[agent].restart(cohort: coordinator.cohort)
            connect(agent)
            if let round = coordinator.round { deliver(round.offer(), to: agent, wasRetained: true) }
        case .update, .openRound, .deadline, .coordinatorUp: break
        }
    }

    private mutating func tell(_ agent: Int, _ event: LinnetEdge.RoundEvent) {
        for action in agents[agent].participation.handle(event, uptime: queue.uptime) { perform(action, of: agent) }
    }

    private mutating func perform(_ action: LinnetEdge.RoundAction, of agent: Int) {
        switch action {
        case .getBase(let model):
            let transfer = Int64(Double(model.plan.bytes) / Self.bytesPerSecond * 1000)
            // Lost chunks are asked for again after a while.
            let repair: Int64 = network.chance(settings.faults.loss) ? 5000 : 0
            queue.plan(
                .base(agent: agent, run: agents[agent].run, model.version.digest),
                after: 2 * agents[agent].latency + transfer + repair)
        case .train(let offer, let bases, _): work(agent, offer, base: bases.first)
        case .gatherStatistics(let offer): work(agent, offer, base: nil)
        case .send(let update): send(update, of: agent)
        case .heard(let receipt):
            log.add(queue.uptime, "\(agents[agent].id) heard of round \(receipt.round)")
        case .sitOut(let offer, let reason):
            log.add(queue.uptime, "\(agents[agent].id) sits round \(offer.round) out: \(reason)")
        case .stopWorking:
            waiting.removeAll { $0.agent == agent }
            computed[agent] = nil
        case .beginLater(let milliseconds):
            queue.plan(.agentTick(agent: agent, run: agents[agent].run), after: milliseconds)
        case .stopGettingBase, .finish, .remember, .getControl: break
        case .evaluate: break  // a simulated fleet's versions are judged on data that no agent has
        }
    }

    // MARK: - Work

    private mutating func work(_ agent: Int, _ offer: RoundOffer, base: Data?) {
        if agents[agent].isSilent { return log.add(queue.uptime, "\(agents[agent].id) falls silent") }
        if network.chance(settings.faults.agentRestart) { return kill(agent) }
        let poison = agents[agent].isMalicious ? attacker?.poison : nil
        waiting.append(
            TrainingJob(
                agent: agent, offer: offer, base: base, rows: rows[agent], poison: poison))
        let count = Double(data.windowCount(of: agent))
        var seconds = base == nil ? 1 : Double(offer.settings.epochs) * count / agents[agent].windowsPerSecond
        if network.chance(settings.faults.straggler) { seconds *= settings.faults.stragglerFactor }
        seconds = min(seconds, Double(offer.settings.maximumSeconds))
        queue.plan(
            .trained(agent: agent, run: agents[agent].run, round: offer.round), after: Int64(seconds * 1000))
    }

    private mutating func kill(_ agent: Int) {
        log.add(queue.uptime, "\(agents[agent].id) killed")
        agentRestarts += 1
        agents[agent].isUp = false
        agents[agent].run += 1
        queue.plan(.agentUp(agent: agent), after: 5000 + Int64(55_000 * network.uniform()))
    }

    /// Computes all work that has begun: honest agents' first, because attackers are taken to know it.
    private mutating func compute() async {
        let jobs = waiting
        waiting = []
        trainings += jobs.count
        for result in await pool.run(jobs) {
            let agent = result.job.agent
            if rows.count < Self.maximumRows { rows[agent] = result.rows }
            computed[agent] = result
            if !agents[agent].isMalicious { attacker?.observe(result) }
        }
    }

    /// Turns an agent's result into its answer.
    private mutating func finish(_ agent: Int) {
        guard let result = computed.removeValue(forKey: agent) else { return }
        let round = result.job.offer.round
        var answer: RoundLearner.Answer
        switch result.answer {
        case .failure(let error): return tell(agent, .failed(round: round, "\(error)"))
        case .success(let learned): answer = learned
        }
        if agents[agent].isMalicious, let forged = attacker?.forge(answer, result.job) { answer = forged }
        agents[agent].sequence += 1
        let header = UpdateHeader(
            agent: agents[agent].id, cohort: coordinator.cohort, round: round, kind: result.job.offer.kind,
            base: result.job.offer.base?.version, windows: answer.windows, lossBefore: answer.lossBefore,
            lossAfter: answer.lossAfter,
            plan: ChunkPlan(of: answer.body, chunkBytes: settings.fleet.chunkBytes),
            sequence: agents[agent].sequence, at: queue.now.adding(milliseconds: agents[agent].clockSkew))
        var submission = Submission(agent: agent, header: header, body: answer.body)
        if agents[agent].isMalicious, let replayed = attacker?.replay(submission) { submission = replayed }
        agents[agent].submission = submission
        tell(agent, .prepared(PreparedUpdate(round: round, sequence: header.sequence, parts: [])))
        queue.plan(.agentTick(agent: agent, run: agents[agent].run), after: Self.tickMilliseconds)
    }

    private mutating func send(_ update: PreparedUpdate, of agent: Int) {
        guard let submission = agents[agent].submission else { return }
        log.add(
            queue.uptime,
            "\(agents[agent].id) sends update \(update.sequence), round \(update.round), "
                + submission.header.plan.digest.short)
        for delay in network.deliver(latency: agents[agent].latency) { queue.plan(.update(submission), after: delay) }
    }
}
