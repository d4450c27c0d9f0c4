// SPDX-License-Identifier: Apache-2.0

import GRDB
import LinnetDomain

extension EdgeStore {
    /// Highest release that was activated or refused; 0 for none.
    public func lastRelease() async throws(EdgeStoreError) -> Int {
        Int(clamping: try await read { db in try Meta.release.number(db) })
    }

    /// Notes that a release is done with, for what it names is active already.
    public func rememberActive(noting entry: HistoryEntry) async throws(EdgeStoreError) {
        let limits = limits
        try await write { db in
            let release = Int64(entry.release ?? 0)
            try Meta.release.write(db, max(release, try Meta.release.number(db)))
            try Meta.activeRelease.write(db, release)
            try Self.note(entry, limits, db)
        }
    }

    /// The release that made the active model active, 0 for none, and the last one that was confirmed.
    public func activeRelease() async throws(EdgeStoreError) -> (active: Int, confirmed: Int) {
        try await read { db in
            (
                Int(clamping: try Meta.activeRelease.number(db)), Int(clamping: try Meta.confirmedRelease.number(db))
            )
        }
    }

    /// Notes that the active model has passed its probation.
    public func confirm(noting entry: HistoryEntry) async throws(EdgeStoreError) {
        let limits = limits
        try await write { db in
            try Meta.confirmedRelease.write(db, Int64(entry.release ?? 0))
            try Self.note(entry, limits, db)
        }
    }

    /// The last round that is over for this agent: answered, refused or sat out; 0 for none.
    public func lastRound() async throws(EdgeStoreError) -> Int {
        Int(clamping: try await read { db in try Meta.round.number(db) })
    }

    /// Notes that a round is over for this agent.
    public func finish(round: Int) async throws(EdgeStoreError) {
        try await write { db in
            try Meta.round.write(db, max(Int64(round), try Meta.round.number(db)))
        }
    }

    /// Which of the cohort's lineages the agent belongs to; `nil` where it has found none.
    public func lineage() async throws(EdgeStoreError) -> Int? {
        try await read { db in try Meta.lineage.text(db).flatMap { Int($0) } }
    }

    /// Keeps which lineage the agent belongs to.
    public func keep(lineage: Int) async throws(EdgeStoreError) {
        try await write { db in try Meta.lineage.write(db, Int64(lineage)) }
    }

    /// When the coordinator wants to be answered next, as far as it has said.
    public func roundPace() async throws(EdgeStoreError) -> RoundPace {
        let words = (try await read { db in try Meta.roundPace.text(db) } ?? "").split(separator: " ")
        guard words.count == 2, let round = Int(words[0]), let time = Int64(words[1]) else { return RoundPace() }
        return RoundPace(round: round, nextAt: Timestamp(milliseconds: time))
    }

    /// Keeps when the coordinator wants to be answered next.
    public func keep(pace: RoundPace) async throws(EdgeStoreError) {
        try await write { db in
            try Meta.roundPace.write(db, pace.nextAt.map { "\(pace.round) \($0.milliseconds)" } ?? "")
        }
    }

    /// Draws the next sequence number for an update. It is committed before it is used, so none is used twice.
    public func nextUpdateSequence() async throws(EdgeStoreError) -> Int64 {
        try await write { db in
            let next = try Meta.updateSequence.number(db) + 1
            try Meta.updateSequence.write(db, next)
            return next
        }
    }

    /// Adopts the signal contract that everything stored from now on is of.
    ///
    /// If it is another than before, stored windows, models and alarm states fit it no more and go; the ledger and the outbox
    /// stay, and alarms that went on are closed in the ledger.
    ///
    /// - Returns: whether something had to go.
    public func adopt(_ contract: SignalContract, at time: Timestamp) async throws(EdgeStoreError) -> Bool {
        let (text, limits) = (contract.canonicalText, limits)
        return try await write { db in
            let known = try Meta.contract.text(db)
            guard known != text else { return false }
            try Meta.contract.write(db, text)
            guard known != nil else { return false }
            let active = try Self.version(in: .active, db)
            try db.execute(
                sql: """
                    DELETE FROM window; DELETE FROM model; DELETE FROM alarm_state; DELETE FROM residual;
                    DELETE FROM control; DELETE FROM own_layers
                    """)
            try db.execute(sql: "UPDATE alarm SET endedAt = ? WHERE endedAt IS NULL", arguments: [time.milliseconds])
            // Releases count up within a cohort, and another contract is another cohort.
            for mark in [Meta.release, .activeRelease, .confirmedRelease, .roundPace] { try mark.write(db, 0) }
            try Meta.lineage.write(db, "")
            if let active {
                let reason = "the devices' channels, rate or window length are no longer those it was made for"
                try Self.note(HistoryEntry(at: time, .cleared, active, reason: reason), limits, db)
            }
            return true
        }
    }
}
