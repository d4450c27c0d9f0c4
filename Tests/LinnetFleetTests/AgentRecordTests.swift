// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFleet
import LinnetMessaging
import LinnetNumerics
import Testing

@Suite("Who is there")
struct AgentRecordTests {
    private let agent = try! AgentID("press")
    private let now = Timestamp(milliseconds: 1_767_225_600_000)
    private var later: Timestamp { now.adding(milliseconds: 5000) }

    private func session(_ seed: UInt64) -> ULID {
        var generator = SeededGenerator(seed: seed)
        return ULID(at: now, using: &generator)
    }

    private func presence(_ online: Bool, _ seed: UInt64) -> Presence {
        Presence(online: online, session: session(seed), at: now)
    }

    private func state(_ seed: UInt64) -> AgentState {
        let contract = SignalContract(channels: [Channel(name: "flow")], intervalMilliseconds: 1000, windowLength: 8)
        return AgentState(
            agent: agent, session: session(seed), software: "test", at: now, cohort: CohortID(of: contract),
            contract: contract, devices: [], active: nil, previous: nil, candidate: nil, release: 0,
            trainingWindows: 1, outboxDepth: 0, outboxDropped: 0, residentBytes: 0, echo: "")
    }

    @Test("an agent comes and goes by its own word")
    func comesAndGoes() {
        let there = AgentRecord.after(presence(true, 1), from: agent, at: now, previous: nil)
        #expect(there.isOnline && there.lastSeen == now)

        let gone = AgentRecord.after(presence(false, 1), from: agent, at: later, previous: there)
        #expect(!gone.isOnline)
    }

    @Test("the will of an older run, published late, does not take the new run offline")
    func lateWill() {
        let old = AgentRecord.after(presence(true, 1), from: agent, at: now, previous: nil)
        let new = AgentRecord.after(presence(true, 2), from: agent, at: later, previous: old)

        #expect(AgentRecord.after(presence(false, 1), from: agent, at: later, previous: new).isOnline)
    }

    @Test("a live state proves that the agent is there, one that the broker kept does not")
    func states() {
        let live = AgentRecord.after(state(1), at: now, isLive: true, previous: nil)
        #expect(live.isOnline && live.lastSeen == now && live.state != nil)

        let kept = AgentRecord.after(state(1), at: now, isLive: false, previous: nil)
        #expect(!kept.isOnline && kept.state != nil)

        let gone = AgentRecord.after(presence(false, 1), from: agent, at: now, previous: live)
        #expect(!AgentRecord.after(state(1), at: later, isLive: false, previous: gone).isOnline)
    }

    @Test("which refusals end an agent's part in a round")
    func finalRefusals() {
        func verdict(_ code: String, sequence: Int64 = 4, accepted: Bool = false) -> UpdateVerdict {
            UpdateVerdict(
                round: 1, agent: agent, sequence: sequence, accepted: accepted, code: code, reason: "")
        }

        for code in ["not-finite", "wrong-shape", "norm-too-large", "no-progress", "too-few-windows", "malformed"] {
            #expect(verdict(code).isFinalRefusal)
        }
        // Somebody else may have sent these, or the agent's own update may still come.
        for code in ["replayed", "duplicate", "round-closed", "wrong-cohort"] { #expect(!verdict(code).isFinalRefusal) }
        #expect(!verdict("bad-signature", sequence: 0).isFinalRefusal)
        #expect(!verdict("", accepted: true).isFinalRefusal)
        #expect(verdict("not-finite").receipt.reason == "not-finite: ")
    }
}
