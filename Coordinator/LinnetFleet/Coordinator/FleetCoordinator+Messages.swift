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
            case .anomaly, .acknowledgement, .round, .release, .model: break
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
        try keep(record)
    }

    private func takeState(_ message: Message, of agent: AgentID) throws {
        let state = try Wire.decode(AgentState.self, from: message.payload)
        guard state.agent == agent else {
            throw WireError.notAllowed(field: "agent", found: "\(state.agent)", allowed: "\(agent), as in the topic")
        }
        if contracts[state.cohort] == nil {
            let channels = state.contract.channels.map(\.name).joined(separator: ", ")
            let audit = entry("cohort formed", "\(state.cohort)", "agent \(agent) reported channels \(channels)")
            if try store.addCohort(state.cohort, contract: state.contract, audit: audit) {
                logger.info("cohort formed", metadata: ["cohort": "\(state.cohort)", "agent": "\(agent)"])
            }
            contracts[state.cohort] = state.contract
        }
        try keep(
            AgentRecord.after(state, at: clock.now(), isLive: !message.wasRetained, previous: agents[agent]))
        if !message.wasRetained { acknowledge(agent) }
    }

    private func keep(_ record: AgentRecord) throws {
        try store.save(record)
        agents[record.id] = record
    }

    private func takeReport(_ message: Message, of agent: AgentID, release: Int) throws {
        let report = try Wire.decode(RolloutReport.self, from: message.payload)
        guard report.agent == agent, report.release == release else {
            throw WireError.notAllowed(field: "agent", found: "\(report.agent)", allowed: "\(agent), as in the topic")
        }
        guard report.state == .activated || report.state == .refused else { return }
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
        // Sent again because the receipt was lost: say again what was said. Once the round is over it is a replay.
        let isCollecting = try store.openRounds().contains { $0.number == round && $0.phase == .collecting }
        if isCollecting,
            let verdict = try store.verdicts(of: agent, limit: 16).last(where: {
                $0.round == round && $0.sequence == header.sequence
            })
        {
            return acknowledge(agent, receipts: [verdict.receipt])
        }
        do throws(UpdateRefusal) {
            try screen(header)
        } catch {
            return try refuse(error, round: round, sequence: header.sequence, of: agent)
        }
        if inbox.open(header) == .full { counters.count(.messagesDropped) }
    }

    private func open(_ payload: Data, of agent: AgentID, round: Int) throws -> UpdateHeader {
        guard let key = try trusted.key(of: agent) else { throw UpdateRefusal.unknownAgent(agent) }
        let header: UpdateHeader
        do {
            header = try SignedEnvelope.open(payload, as: UpdateHeader.self, by: key)
        } catch .badSignature {
            throw UpdateRefusal.badSignature(agent)
        } catch {
            throw UpdateRefusal.malformed("\(error)")
        }
        guard header.agent == agent else { throw UpdateRefusal.wrongAgent(claimed: header.agent, sender: agent) }
        guard header.round == round else {
            throw UpdateRefusal.malformed("the header is for round \(header.round), the topic for round \(round)")
        }
        return header
    }

    private func screen(_ header: UpdateHeader) throws(UpdateRefusal) {
        let stored: (open: [Round], last: Int64, accepted: Set<AgentID>)
        do {
            let open = try store.openRounds().filter { $0.cohort == header.cohort }
            stored = (
                open, try store.lastSequence(of: header.agent), try store.acceptedAgents(of: header.round)
            )
        } catch {
            throw .malformed("it could not be checked: \(error)")
        }
        let round = stored.open.first
        let terms = UpdateScreening.RoundTerms(
            cohort: header.cohort, round: round?.number ?? 0, kind: round?.kind ?? header.kind,
            base: round?.base?.version, participants: round?.participants ?? [], isOpen: round?.phase == .collecting,
            minimumWindows: round?.minimumWindows ?? 0)
        try screening.screen(
            agent: header.agent, cohort: header.cohort, round: header.round, kind: header.kind, base: header.base,
            windows: header.windows, sequence: header.sequence, lastSequence: stored.last,
            alreadySubmitted: stored.accepted.contains(header.agent), terms: terms)
        if header.kind == .training, let before = header.lossBefore, let after = header.lossAfter {
            try screening.screen(lossBefore: before, lossAfter: after)
        }
    }

    private func takeChunk(_ chunk: Data, part: Int, round: Int, of agent: AgentID) throws {
        switch inbox.add(chunk, part: part, of: round, from: agent) {
        case .collecting, .ignored: break
        case .corrupt(let header):
            try refuse(.digestMismatch, round: round, sequence: header.sequence, of: agent)
        case .complete(let header, let body):
            do throws(UpdateRefusal) {
                // The round may have closed while the chunks were on their way.
                try screen(header)
                try screen(body: body, of: header)
            } catch {
                return try refuse(error, round: round, sequence: header.sequence, of: agent)
            }
            try accept(UpdateRecord(header: header, body: body, receivedAt: clock.now()))
        }
    }

    /// Checks the numbers: structure, then finite, then shape, then norm.
    private func screen(body: Data, of header: UpdateHeader) throws(UpdateRefusal) {
        switch header.kind {
        case .statistics:
            let channels = contracts[header.cohort]?.channels.count ?? 0
            let moments: [ChannelMoments]
            do throws(WireError) {
                moments = try Wire.decode(StatisticsBody.self, from: body).channels
            } catch {
                throw .malformed("\(error)")
            }
            try screening.screen(moments: moments, channelCount: channels)
        case .training:
            guard let digest = header.base?.digest, let file = (try? store.file(of: digest)) ?? nil,
                let base = try? ModelArtifact(parsing: file)
            else { throw .staleBase(found: header.base, expected: nil) }
            let update: ModelArtifact
            do throws(ModelArtifactError) {
                update = try ModelArtifact(parsing: body)
            } catch {
                throw UpdateRefusal(error)
            }
            guard update.architecture == base.architecture, update.windowLength == base.windowLength else {
                throw .wrongShape(found: update.parameters.count, expected: base.parameters.count)
            }
            try screening.screen(parameters: update.parameters, base: base.parameters)
        }
    }

    private func accept(_ update: UpdateRecord) throws {
        let header = update.header
        try store.accept(
            update,
            audit: entry(
                "update accepted", "round \(header.round)", "\(header.windows) windows", by: header.agent.rawValue))
        counters.count(.updatesAccepted)
        acknowledge(header.agent)
        try moveRound(header.round, .updateAccepted(header.agent))
    }

    func refuse(_ refusal: UpdateRefusal, round: Int, sequence: Int64, of agent: AgentID) throws {
        counters.count(.updatesRefused)
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
    }
}

extension UpdateRefusal {
    /// The refusal of an update whose file is no model.
    init(_ error: ModelArtifactError) {
        switch error {
        case .notFinite: self = .notFinite
        case .shape(_, let found, let expected):
            self = .wrongShape(found: found.reduce(1, &*), expected: expected.reduce(1, &*))
        default: self = .malformed("\(error)")
        }
    }
}
