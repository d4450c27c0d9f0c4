// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import Logging

extension FleetCoordinator {
    /// Takes in one message of an agent. The topic says who speaks: the broker's access rules stand behind it.
    func receive(_ message: Message) throws {
        guard let topic = topics.parse(message.topic), let agent = topic.sender else {
            return counters.count(.messagesMalformed)
        }
        do {
            switch topic {
            case .presence: try takePresence(message, of: agent)
            case .state: try takeState(message, of: agent)
            case .rollout(_, let release): try takeReport(message, of: agent, release: release)
            case .get: try takeRequest(message)
            case .update(_, let round, let part) where part == 0: try takeHeader(message, round: round, of: agent)
            case .update(_, let round, let part):
                try takeChunk(message.payload, part: part, round: round, of: agent)
            case .anomaly, .acknowledgement, .desired, .round, .release, .model: break
            }
        } catch let error as WireError {
            counters.count(.messagesMalformed)
            logger.notice(
                "message refused",
                metadata: ["agent": "\(agent)", "topic": "\(message.topic)", "reason": "\(error)"])
        }
    }

    // MARK: - Who is there

    private func takePresence(_ message: Message, of agent: AgentID) throws {
        guard !message.payload.isEmpty else { return }
        let presence = try Wire.decode(Presence.self, from: message.payload)
        let record = AgentRecord.after(presence, from: agent, at: clock.now(), previous: agents[agent])
        if record.isOnline != agents[agent]?.isOnline {
            logger.info(record.isOnline ? "agent online" : "agent offline", metadata: ["agent": "\(agent)"])
        }
        keep(record)
    }

    private func takeState(_ message: Message, of agent: AgentID) throws {
        let state = try Wire.decode(AgentState.self, from: message.payload)
        guard state.agent == agent else {
            throw WireError.notAllowed(field: "agent", found: "\(state.agent)", allowed: "\(agent), as in the topic")
        }
        if contracts[state.cohort] == nil {
            guard contracts.count < Self.maximumCohorts else { return counters.count(.messagesDropped) }
            let channels = state.contract.channels.map(\.name).joined(separator: ", ")
            let audit = entry("cohort formed", "\(state.cohort)", "agent \(agent) reported channels \(channels)")
            if try store.addCohort(state.cohort, contract: state.contract, audit: audit) {
                logger.info("cohort formed", metadata: ["cohort": "\(state.cohort)", "agent": "\(agent)"])
            }
            contracts[state.cohort] = state.contract
        }
        keep(
            AgentRecord.after(state, at: clock.now(), isLive: !message.wasRetained, previous: agents[agent]))
        if !message.wasRetained { acknowledge(agent) }
        try heard(state)
    }

    /// Keeps what was said; it is written at the next tick, together with what others have said until then.
    private func keep(_ record: AgentRecord) {
        guard agents[record.id] != nil || agents.count < Self.maximumAgents else {
            return counters.count(.messagesDropped)
        }
        agents[record.id] = record
        unsaved.insert(record.id)
    }

    private func takeReport(_ message: Message, of agent: AgentID, release: Int) throws {
        let report = try Wire.decode(RolloutReport.self, from: message.payload)
        guard report.agent == agent, report.release == release else {
            throw WireError.notAllowed(field: "agent", found: "\(report.agent)", allowed: "\(agent), as in the topic")
        }
        try heard(report)
        guard [.activated, .confirmed, .refused, .reverted].contains(report.state), admits(agent) else { return }
        let evidence = report.evidence.sorted { $0.key < $1.key }.prefix(16)
            .map { "\($0.key.prefix(40)) \($0.value)" }.joined(separator: ", ")
        try store.append(
            entry(
                "version \(report.state.rawValue)", "version \(report.version), release \(release)",
                "\(report.reason.prefix(400))\(evidence.isEmpty ? "" : " (\(evidence))")", by: agent.rawValue))
    }

    private func takeRequest(_ message: Message) throws {
        let request = try Wire.decode(ChunkRequest.self, from: message.payload)
        if !repairs.add(request.digest, request.indices) { counters.count(.messagesDropped) }
    }

    // MARK: - Updates

    /// Checks a header before a single chunk is kept.
    private func takeHeader(_ message: Message, round: Int, of agent: AgentID) throws {
        let header: UpdateHeader
        do {
            header = try open(message.payload, of: agent, round: round)
        } catch let refusal as UpdateRefusal {
            return try refuse(refusal, round: round, sequence: 0, of: agent)
        }
        do {
            guard header.round == round else {
                throw UpdateRefusal.malformed("the header is for round \(header.round), the topic for round \(round)")
            }
            switch try admission.judge(header, in: situation(of: header)) {
            case .sayAgain(let receipt): acknowledge(agent, receipts: [receipt])
            case .wait: break
            case .take: if inbox.open(header) == .full { counters.count(.messagesDropped) }
            }
        } catch let refusal as UpdateRefusal {
            return try refuse(refusal, round: round, sequence: header.sequence, of: agent)
        }
    }

    private func open(_ payload: Data, of agent: AgentID, round: Int) throws -> UpdateHeader {
        guard let key = key(of: agent) else { throw UpdateRefusal.unknownAgent(agent) }
        let header: UpdateHeader
        do {
            header = try SignedEnvelope.open(payload, as: UpdateHeader.self, by: key)
        } catch .badSignature {
            throw UpdateRefusal.badSignature(agent)
        } catch {
            throw UpdateRefusal.malformed("\(error)")
        }
        guard header.agent == agent else { throw UpdateRefusal.wrongAgent(claimed: header.agent, sender: agent) }
        try store.note(key: key, of: agent, at: clock.now()) { change in
            switch change {
            case .first: entry("key first used", "agent \(agent)", "updates are signed with \(key.keyID)…")
            case .changed:
                entry(
                    "key changed", "agent \(agent)",
                    "updates are now signed with \(key.keyID)…, which stands in the trusted agents' folder; their sequence "
                        + "numbers start anew")
            }
        }
        return header
    }

    private func key(of agent: AgentID) -> VerifyingKey? {
        do throws(KeyError) { return try trusted.key(of: agent) } catch {
            logger.error(
                "an agent's public key can not be used", metadata: ["agent": "\(agent)", "reason": "\(error)"])
            return nil
        }
    }

    /// What the store says of an update.
    ///
    /// - Throws: the store's own error, and then nothing is decided: the agent sends again.
    private func situation(of header: UpdateHeader) throws -> UpdateAdmission.Situation {
        let open = try store.openRounds().first { $0.cohort == header.cohort }
        return UpdateAdmission.Situation(
            open: open, asked: open?.number == header.round ? open : try store.round(header.round),
            last: try store.lastRound(of: header.cohort), lastSequence: try store.lastSequence(of: header.agent),
            hasSubmitted: try open.map { try store.acceptedAgents(of: $0.number).contains(header.agent) } ?? false,
            verdict: try store.verdicts(of: header.agent, limit: 16).last {
                $0.round == header.round && $0.sequence == header.sequence
            }?.receipt,
            lateBases: try open.map(lateBases) ?? [])
    }

    private func takeChunk(_ chunk: Data, part: Int, round: Int, of agent: AgentID) throws {
        switch inbox.add(chunk, part: part, of: round, from: agent) {
        case .collecting, .ignored: break
        case .corrupt(let header):
            try refuse(.digestMismatch, round: round, sequence: header.sequence, of: agent)
        case .complete(let header, let body):
            do {
                // The round may have closed while the chunks were on their way.
                let situation = try situation(of: header)
                switch try admission.judge(header, in: situation) {
                case .sayAgain(let receipt): return acknowledge(agent, receipts: [receipt])
                case .wait: return
                case .take: break
                }
                let (stored, control) = try admission.judge(
                    body, of: header, base: try header.base.flatMap(model),
                    channelCount: contracts[header.cohort]?.channels.count ?? 0, settings: situation.open?.settings)
                try accept(
                    UpdateRecord(
                        header: header, body: stored, control: control, receivedAt: clock.now(),
                        round: situation.open?.number))
            } catch let refusal as UpdateRefusal {
                try refuse(refusal, round: round, sequence: header.sequence, of: agent)
            }
        }
    }

    /// A stored version's model; `nil` where it is gone, or can not be read.
    private func model(_ version: ModelVersion) throws -> ModelArtifact? {
        try store.file(of: version.digest).flatMap { try? ModelArtifact(parsing: $0) }
    }

    private func accept(_ update: UpdateRecord) throws {
        let header = update.header
        let isLate = update.round != header.round
        try store.accept(
            update,
            audit: entry(
                "update accepted", "round \(update.round)",
                "\(header.windows) windows" + (isLate ? ", late: for round \(header.round)" : ""),
                by: header.agent.rawValue))
        counters.count(.updatesAccepted)
        acknowledge(header.agent)
        // A late one may be of an agent that this round did not ask; the store knows of it by now.
        try moveRound(update.round, isLate ? .tick(clock.now()) : .updateAccepted(header.agent))
    }

    func refuse(_ refusal: UpdateRefusal, round: Int, sequence: Int64, of agent: AgentID) throws {
        counters.count(.updatesRefused)
        // What is not written down is counted; a flood of refusals must not push everything else out of the log.
        guard admits(agent) else { return }
        // The number of a replay is that of another update, which has its own verdict.
        let sequence = refusal.code == "replayed" ? 0 : sequence
        let verdict = UpdateVerdict(
            round: round, agent: agent, sequence: sequence, accepted: false, code: refusal.code,
            reason: "\(refusal)")
        logger.notice(
            "update refused",
            metadata: ["agent": "\(agent)", "round": "\(round)", "code": "\(refusal.code)", "reason": "\(refusal)"])
        try store.refuse(
            verdict, audit: entry("update refused", "round \(round)", "\(refusal.code): \(refusal)", by: agent.rawValue)
        )
        acknowledge(agent, receipts: [verdict.receipt])
        if verdict.isFinalRefusal { try moveRound(round, .updateRefused(agent)) }
    }

    /// Whether one more audit row may be written on this agent's account: a bounded number a minute.
    private func admits(_ agent: AgentID) -> Bool {
        let now = clock.now()
        if now.milliseconds(since: admissionsSince).magnitude >= 60_000 {
            admissionsSince = now
            admissions = [:]
        }
        admissions[agent, default: 0] += 1
        return admissions[agent, default: 0] <= Self.maximumAuditRowsPerMinute
    }
}
