// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import LinnetNumerics

extension SQLiteFleetStore {
    public func open(_ round: Round, audit: (Round) -> AuditEntry) throws -> Round {
        try queue.write { database in
            var round = round
            try database.execute(
                sql: "INSERT INTO round (cohort, phase, kind, evaluates, body) VALUES (?, ?, ?, ?, '')",
                arguments: [
                    round.cohort.rawValue, round.phase.rawValue, round.kind.rawValue,
                    round.kind == .evaluation ? round.base?.version.digest.hex : nil,
                ])
            round.number = Int(database.lastInsertedRowID)
            try database.execute(
                sql: "UPDATE round SET body = ? WHERE number = ?", arguments: [try Self.text(round), round.number])
            try Self.append(audit(round), in: database)
            return round
        }
    }

    public func move(_ round: Round, from phase: RoundPhase, audit: AuditEntry) throws -> Bool {
        try queue.write { database in
            guard try Self.replace(round, from: phase, in: database) else { return false }
            try Self.append(audit, in: database)
            // Nothing came of it that could be computed again.
            if round.phase.isOver { try Self.forgetUpdates(of: round.number, in: database) }
            return true
        }
    }

    private static func forgetUpdates(of round: Int, in database: Database) throws {
        try database.execute(
            sql: "UPDATE round_update SET body = x'', control = NULL WHERE round = ?", arguments: [round])
    }

    /// Updates' weights are a risk without a use once their round is not to be computed again.
    private static func forgetUpdates(of cohort: CohortID, butNewest kept: Int, in database: Database) throws {
        try database.execute(
            sql: """
                UPDATE round_update SET body = x'', control = NULL WHERE length(body) > 0 AND round IN (
                    SELECT number FROM round WHERE cohort = ? AND phase = 'committed'
                    ORDER BY number DESC LIMIT 1000 OFFSET ?)
                """, arguments: [cohort.rawValue, kept])
    }

    public func commit(
        _ round: Round, versions: [VersionRecord], releases: [ReleaseManifest], keptRounds: Int, audit: [AuditEntry]
    ) throws -> Bool {
        try queue.write { database in
            guard try Self.replace(round, from: .aggregating, in: database) else { return false }
            for version in versions { try Self.insert(version, in: database) }
            if round.clusters != nil { try Self.note(versions, in: database) }
            for release in releases {
                // The cohort's release is the first lineage's; the others' are for their agents.
                try Self.insert(release, isForAll: (release.lineage ?? 0) == 0, in: database)
            }
            if releases.isEmpty { try Self.findCandidate(of: round.cohort, in: database) }
            for entry in audit { try Self.append(entry, in: database) }
            try Self.forgetUpdates(of: round.cohort, butNewest: keptRounds, in: database)
            return true
        }
    }

    private static func replace(_ round: Round, from phase: RoundPhase, in database: Database) throws -> Bool {
        try database.execute(
            sql: "UPDATE round SET phase = ?, lossBefore = ?, lossAfter = ?, body = ? WHERE number = ? AND phase = ?",
            arguments: [
                round.phase.rawValue, round.lossBefore, round.lossAfter, try text(round), round.number, phase.rawValue,
            ])
        return database.changesCount == 1
    }

    public func accept(_ update: UpdateRecord, audit: AuditEntry) throws {
        try queue.write { database in
            let header = update.header
            try Self.touch(header.agent, at: update.receivedAt, in: database)
            try database.execute(
                sql: """
                    INSERT INTO round_update (round, agent, header, body, control, receivedAt)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    update.round, header.agent.rawValue, try Self.text(header), update.body,
                    update.control.map { Self.bytes(of: $0) }, update.receivedAt.milliseconds,
                ])
            try database.execute(
                sql: "UPDATE agent SET updateSequence = max(updateSequence, ?) WHERE id = ?",
                arguments: [header.sequence, header.agent.rawValue])
            try Self.insert(
                UpdateVerdict(
                    round: header.round, agent: header.agent, sequence: header.sequence, accepted: true, code: "",
                    reason: ""), in: database)
            try Self.append(audit, in: database)
        }
    }

    public func refuse(_ verdict: UpdateVerdict, audit: AuditEntry) throws {
        try queue.write { database in
            try Self.insert(verdict, in: database)
            try Self.append(audit, in: database)
        }
    }

    private static func insert(_ verdict: UpdateVerdict, in database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO verdict (round, agent, sequence, accepted, code, reason) VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                verdict.round, verdict.agent.rawValue, verdict.sequence, verdict.accepted, verdict.code,
                verdict.reason,
            ])
    }

    public func openRounds() throws -> [Round] {
        try rounds(where: "phase IN ('collecting', 'aggregating') ORDER BY number")
    }

    public func lastRound(of cohort: CohortID) throws -> Round? {
        try rounds(where: "cohort = ? ORDER BY number DESC LIMIT 1", [cohort.rawValue]).first
    }

    public func lastMakingRound(of cohort: CohortID) throws -> Round? {
        try rounds(
            where: "cohort = ? AND kind <> ? ORDER BY number DESC LIMIT 1",
            [cohort.rawValue, RoundKind.evaluation.rawValue]
        ).first
    }

    public func round(_ number: Int) throws -> Round? { try rounds(where: "number = ?", [number]).first }

    private func rounds(where condition: String, _ arguments: StatementArguments = []) throws -> [Round] {
        try queue.read { database in
            try String.fetchAll(database, sql: "SELECT body FROM round WHERE \(condition)", arguments: arguments)
                .map { try Self.value(Round.self, $0, table: "round") }
        }
    }

    public func updates(of round: Int) throws -> [UpdateRecord] {
        try queue.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM round_update WHERE round = ? ORDER BY agent", arguments: [round]
            ).map { row in
                UpdateRecord(
                    header: try Self.value(UpdateHeader.self, row["header"], table: "round_update"),
                    body: row["body"], receivedAt: Timestamp(milliseconds: row["receivedAt"]), round: round)
            }
        }
    }

    public func updateHeaders(of round: Int) throws -> [UpdateHeader] {
        try queue.read { database in
            try String.fetchAll(
                database, sql: "SELECT header FROM round_update WHERE round = ? ORDER BY agent", arguments: [round]
            ).map { try Self.value(UpdateHeader.self, $0, table: "round_update") }
        }
    }

    public func updateBody(of round: Int, agent: AgentID) throws -> Data? {
        let body = try queue.read { database in
            try Data.fetchOne(
                database, sql: "SELECT body FROM round_update WHERE round = ? AND agent = ?",
                arguments: [round, agent.rawValue])
        }
        return body?.isEmpty ?? true ? nil : body
    }

    public func updateControl(of round: Int, agent: AgentID) throws -> ParameterVector? {
        let bytes = try queue.read { database in
            try Data.fetchOne(
                database, sql: "SELECT control FROM round_update WHERE round = ? AND agent = ?",
                arguments: [round, agent.rawValue])
        }
        return try bytes.map { bytes in
            guard bytes.count % 4 == 0 else {
                throw StoreError.unreadable(
                    table: "round_update", reason: "\(bytes.count) bytes are no control variate")
            }
            return bytes.withUnsafeBytes { raw in
                ParameterVector(
                    (0..<bytes.count / 4).map {
                        Float(
                            bitPattern: UInt32(
                                littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
                    })
            }
        }
    }

    /// Numbers as Float32, little endian, one after another.
    private static func bytes(of vector: ParameterVector) -> Data {
        var bytes = Data(capacity: 4 * vector.count)
        for value in vector.values {
            withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    public func acceptedAgents(of round: Int) throws -> Set<AgentID> {
        try queue.read { database in
            Set(
                try String.fetchAll(
                    database, sql: "SELECT agent FROM round_update WHERE round = ?", arguments: [round]
                ).compactMap { AgentID(rawValue: $0) })
        }
    }

    public func lastSequence(of agent: AgentID) throws -> Int64 {
        try queue.read { database in
            try Int64.fetchOne(
                database, sql: "SELECT updateSequence FROM agent WHERE id = ?", arguments: [agent.rawValue]) ?? 0
        }
    }

    public func verdicts(of agent: AgentID, limit: Int) throws -> [UpdateVerdict] {
        try queue.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM verdict WHERE agent = ? ORDER BY row DESC LIMIT ?",
                arguments: [agent.rawValue, limit]
            ).compactMap(Self.verdict).reversed()
        }
    }

    public func verdicts(in round: Int) throws -> [UpdateVerdict] {
        try queue.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM verdict WHERE round = ? ORDER BY row", arguments: [round])
                .compactMap(Self.verdict)
        }
    }

    private static func verdict(_ row: Row) -> UpdateVerdict? {
        AgentID(rawValue: row["agent"]).map {
            UpdateVerdict(
                round: row["round"], agent: $0, sequence: row["sequence"], accepted: row["accepted"],
                code: row["code"], reason: row["reason"])
        }
    }

    public func rounds(limit: Int) throws -> [RoundReport] {
        let rounds = try rounds(where: "1 ORDER BY number DESC LIMIT ?", [limit])
        return try queue.read { database in
            try rounds.map { round in
                let verdicts = try Row.fetchAll(
                    database, sql: "SELECT agent, accepted, code, reason FROM verdict WHERE round = ? ORDER BY row",
                    arguments: [round.number])
                // Not by verdict: that of a late update names the round it answers, not the one that took it.
                let accepted = try String.fetchAll(
                    database, sql: "SELECT agent FROM round_update WHERE round = ? ORDER BY rowid",
                    arguments: [round.number])
                let bytes = try Int.fetchOne(
                    database,
                    sql: "SELECT sum(json_extract(header, '$.plan.bytes')) FROM round_update WHERE round = ?",
                    arguments: [round.number])
                return RoundReport(
                    round: round.number, cohort: round.cohort, kind: round.kind, phase: round.phase.rawValue,
                    base: round.base?.version, participants: round.participants,
                    accepted: accepted.compactMap { AgentID(rawValue: $0) },
                    refused: verdicts.filter { !$0["accepted"] }.compactMap { row in
                        AgentID(rawValue: row["agent"]).map {
                            RefusalReport(agent: $0, code: row["code"], reason: row["reason"])
                        }
                    },
                    updateBytes: bytes ?? 0, lossBefore: round.lossBefore, lossAfter: round.lossAfter,
                    version: round.version, lineages: try Self.lineages(of: round, in: database),
                    openedAt: round.openedAt, deadline: round.deadline, endedAt: round.endedAt,
                    reason: round.reason, evaluation: round.evaluation)
            }
        }
    }

    private static func lineages(of round: Round, in database: Database) throws -> [LineageReport]? {
        guard round.clusters != nil else { return nil }
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT lineage, number, digest, participants FROM model_version WHERE round = ? ORDER BY lineage",
            arguments: [round.number])
        return try rows.compactMap { row in
            guard let digest = Digest(hex: row["digest"]) else { return nil }
            return LineageReport(
                lineage: row["lineage"], version: ModelVersion(number: row["number"], digest: digest),
                participants: try value([AgentID].self, row["participants"], table: "model_version"))
        }
    }

    public func roundCounts() throws -> [CohortID: RoundCounts] {
        try queue.read { database in
            var counts: [CohortID: RoundCounts] = [:]
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT cohort, kind, phase, lossBefore, lossAfter FROM round
                    WHERE phase IN ('committed', 'abandoned') ORDER BY number
                    """)
            for row in rows {
                guard let cohort = CohortID(rawValue: row["cohort"]) else { continue }
                counts[cohort, default: RoundCounts()].add(
                    isTraining: row["kind"] == RoundKind.training.rawValue,
                    isEvaluation: row["kind"] == RoundKind.evaluation.rawValue,
                    phase: RoundPhase(rawValue: row["phase"]),
                    lossBefore: row["lossBefore"], lossAfter: row["lossAfter"])
            }
            return counts
        }
    }

    public func refusedUpdates() throws -> Int {
        try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM verdict WHERE NOT accepted") ?? 0 }
    }
}

extension RoundCounts {
    fileprivate mutating func add(
        isTraining: Bool, isEvaluation: Bool, phase: RoundPhase?, lossBefore: Double?, lossAfter: Double?
    ) {
        // An evaluation that nobody answered has cost no version.
        if phase == .abandoned, !isEvaluation { abandoned += 1 }
        guard isTraining, phase == .committed else { return }
        committed += 1
        firstLoss = firstLoss ?? lossBefore
        lastLoss = lossAfter ?? lastLoss
    }
}
