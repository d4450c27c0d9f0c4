// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import Testing
import linnet

@Suite("The quickstart's verdict")
struct VerdictTests {
    private let agent = AgentID(checked: "agent-1")
    private let device = DeviceID(checked: "machine-1")

    private func fault(at start: Double, lasting duration: Double = 8) -> InjectedFault {
        InjectedFault(
            agent: agent, device: device, kind: .cavitation, startSeconds: start, durationSeconds: duration)
    }

    private func event(_ id: String, _ seconds: ClosedRange<Double>, device: String = "machine-1") -> StoredEvent {
        StoredEvent(id: id, agent: agent, device: DeviceID(checked: device), seconds: seconds)
    }

    /// A run in which all went well: two faults, two events, three rounds.
    private var good: RunFacts {
        var facts = RunFacts()
        facts.rounds = 3
        facts.agents = 1
        facts.agentsOnVersion = 1
        facts.injected = [fault(at: 50), fault(at: 80)]
        facts.judged = facts.injected
        facts.stored = [event("A", 51...59), event("B", 82...90)]
        facts.raised = ["A", "B"].map { RaisedAlarm(id: $0, agent: agent, device: device) }
        return facts
    }

    @Test("a run in which every fault was found once, and every alarm arrived once, is good")
    func allIsWell() {
        let verdict = QuickstartVerdict(good)

        #expect(verdict.isGood)
        #expect(verdict.faultsDetected == 2)
        #expect(verdict.falseAlarms.isEmpty)
        #expect(verdict.duplicateEvents == 0)
    }

    @Test("a fault is found only by an event of the right device")
    func rightDevice() {
        var facts = good
        facts.stored[0] = event("A", 51...59, device: "machine-2")
        let verdict = QuickstartVerdict(facts)

        #expect(verdict.faultsDetected == 1)
        #expect(verdict.falseAlarms.map(\.id) == ["A"])
        #expect(
            verdict.failures == ["no event of machine-1 shows the fault \"cavitation\" of second 50 to 58"])
    }

    @Test("an event counts from a fault's start until five seconds after its end, and not beyond")
    func tolerance() {
        var facts = good
        facts.stored = [event("A", 63...66), event("B", 70...79.9)]
        let verdict = QuickstartVerdict(facts)

        #expect(verdict.sightings.map { $0.events.map(\.id) } == [["A"], []])
        #expect(verdict.falseAlarms.map(\.id) == ["B"])
    }

    @Test("several events of one fault make it found once, and the repeats are kept with it")
    func repeats() {
        var facts = good
        facts.stored.append(event("C", 60...61))
        facts.raised.append(RaisedAlarm(id: "C", agent: agent, device: device))
        let verdict = QuickstartVerdict(facts)

        #expect(verdict.isGood)
        #expect(verdict.faultsDetected == 2)
        #expect(verdict.sightings[0].events.map(\.id) == ["A", "C"])
    }

    @Test("an alarm of the ledger that the store does not hold is lost, unless the agent still holds it for delivery")
    func lost() {
        var facts = good
        facts.raised.append(RaisedAlarm(id: "C", agent: agent, device: device, isWaiting: true))
        #expect(QuickstartVerdict(facts).isGood)

        facts.raised.append(RaisedAlarm(id: "D", agent: agent, device: device))
        let verdict = QuickstartVerdict(facts)
        #expect(verdict.lost.map(\.id) == ["D"])
        #expect(verdict.failures == ["alarm D of machine-1 is in agent-1's ledger and not in the store"])
    }

    @Test("an event that no agent raised is a failure, whoever stored it")
    func unexplained() {
        var facts = good
        facts.raised.removeLast()

        #expect(QuickstartVerdict(facts).failures == ["event B of machine-1 is in the store and in no agent's ledger"])
    }

    @Test(
        "an id stored twice, and two events of one device at one time, are duplicates; those of two devices are not")
    func duplicates() {
        var twice = good
        twice.stored.append(twice.stored[0])
        #expect(QuickstartVerdict(twice).duplicateEvents >= 1)

        var overlapping = good
        overlapping.stored.append(event("C", 55...57))
        overlapping.raised.append(RaisedAlarm(id: "C", agent: agent, device: device))
        #expect(QuickstartVerdict(overlapping).duplicateEvents == 1)

        var elsewhere = good
        elsewhere.stored.append(event("C", 55...57, device: "machine-2"))
        elsewhere.raised.append(RaisedAlarm(id: "C", agent: agent, device: DeviceID(checked: "machine-2")))
        #expect(QuickstartVerdict(elsewhere).duplicateEvents == 0)
    }

    @Test("too few rounds, an agent on an old version, and a process that gave up each fail the run in words")
    func otherFailures() {
        var facts = good
        facts.rounds = 2
        facts.agents = 2
        facts.casualties = ["broker kept dying"]

        #expect(
            QuickstartVerdict(facts).failures == [
                "broker kept dying", "2 training rounds were committed; at least 3 are expected",
                "1 of 2 agents do not run the newest released version",
            ])
    }
}
