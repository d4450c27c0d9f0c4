// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import Testing

@Suite("Which windows are learned")
struct LearningFilterTests {
    private let windows = Fixtures.windows(12)

    @Test("calm windows are learned once enough others have passed")
    func calm() {
        var filter = LearningFilter(delay: 2)
        let learned = windows.map { filter.handle($0, isAnomalous: false, phase: .normal) }
        #expect(learned.map(\.count) == [0, 0] + Array(repeating: 1, count: 10))
        #expect(learned.flatMap { $0 } == Array(windows[..<10]))
    }

    @Test("L-7 windows before an alarm, under it, and above the threshold are never learned")
    func alarm() {
        var filter = LearningFilter(delay: 2)
        var learned: [SampleWindow] = []
        let phases: [AlarmPhase] = [
            .normal, .normal, .normal, .pending, .pending, .firing, .firing, .normal, .normal, .normal, .normal,
            .normal,
        ]
        for (position, (window, phase)) in zip(windows, phases).enumerated() {
            learned += filter.handle(window, isAnomalous: (3...6).contains(position), phase: phase)
        }
        // 0 had waited long enough; 1 and 2 led to the alarm; after it the waiting starts anew.
        #expect(learned == [windows[0], windows[7], windows[8], windows[9]])
    }

    @Test("an odd window is not learned, but those around it are")
    func oddWindow() {
        var filter = LearningFilter(delay: 1)
        var learned: [SampleWindow] = []
        for position in 0..<5 {
            learned += filter.handle(
                windows[position], isAnomalous: position == 2, phase: position == 2 ? .pending : .normal)
        }
        #expect(learned == [windows[0], windows[1], windows[3]])
    }
}

@Suite("A model on probation")
struct ProbationTests {
    private func window(_ score: Double) -> ScoredWindow {
        ScoredWindow(start: Fixtures.start, end: Fixtures.start, score: score, threshold: 1)
    }

    @Test("a model that finds everything anomalous, where the one before finds nothing so, must go")
    func alarmsAlways() {
        var probation = Probation()
        var verdicts: [String?] = []
        for _ in 0..<Probation.minimumWindows { verdicts.append(probation.add(new: window(2), old: window(0.5))) }
        #expect(verdicts.dropLast().allSatisfy { $0 == nil })
        #expect(verdicts.last == "it found 12 of 12 windows anomalous, the previous model 0")
    }

    @Test("a real fault right after the switch, which both find, does not condemn the new model")
    func realFault() {
        var probation = Probation()
        for _ in 0..<Probation.windows { #expect(probation.add(new: window(9), old: window(9)) == nil) }
        #expect(probation.isOver)
        #expect(probation.add(new: window(9), old: window(0)) == nil)
    }

    @Test("a score that is not finite condemns it at once")
    func notFinite() {
        var probation = Probation()
        #expect(probation.add(new: window(.nan), old: window(0.5)) != nil)
        var other = Probation()
        #expect(other.add(new: window(.greatestFiniteMagnitude), old: window(.greatestFiniteMagnitude)) == nil)
    }
}

@Suite("Proof that something comes back")
struct EchoAuditTests {
    @Test("fifteen seconds without an echo are said once, and again after the next silence")
    func silence() {
        var audit = EchoAudit()
        audit.connectionChanged(isConnected: true, uptime: 0)
        audit.sent("a-1", uptime: 0)
        #expect(audit.tick(uptime: 15_000, stateEvery: 1000) == false)
        #expect(audit.tick(uptime: 15_001, stateEvery: 1000) == true)
        #expect(audit.isSilent)
        #expect(audit.tick(uptime: 20_000, stateEvery: 1000) == false)
        audit.received("a-1", uptime: 21_000)
        #expect(!audit.isSilent)
        #expect(audit.tick(uptime: 40_000, stateEvery: 1000) == true)
    }

    @Test("a word that this agent never said proves nothing")
    func foreignEcho() {
        var audit = EchoAudit()
        audit.connectionChanged(isConnected: true, uptime: 0)
        audit.sent("a-1", uptime: 0)
        audit.received("b-1", uptime: 14_000)
        audit.received(nil, uptime: 14_000)
        #expect(audit.tick(uptime: 15_001, stateEvery: 1000) == true)
    }

    @Test("an agent that is not connected, or has said nothing yet, is not silent")
    func nothingToHear() {
        var audit = EchoAudit()
        #expect(audit.tick(uptime: 100_000, stateEvery: 1000) == false)
        audit.connectionChanged(isConnected: true, uptime: 0)
        #expect(audit.tick(uptime: 100_000, stateEvery: 1000) == false)
        audit.sent("a-1", uptime: 100_000)
        audit.connectionChanged(isConnected: false, uptime: 100_000)
        #expect(audit.tick(uptime: 200_000, stateEvery: 1000) == false)
    }

    @Test("where states go out rarely, silence takes as long as three of them")
    func rareStates() {
        var audit = EchoAudit()
        audit.connectionChanged(isConnected: true, uptime: 0)
        audit.sent("a-1", uptime: 0)
        #expect(audit.tick(uptime: 180_000, stateEvery: 60_000) == false)
        #expect(audit.tick(uptime: 180_001, stateEvery: 60_000) == true)
    }
}

@Suite("Getting a model file")
struct ChunkFetchTests {
    private let file = Data((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    private var plan: ChunkPlan { ChunkPlan(of: file, chunkBytes: 1000) }

    @Test("what the broadcast brings is not asked for; the rest is, and the file is whole")
    func repair() throws {
        var fetch = ChunkFetch(plan, uptime: 0)
        for index in [0, 3] { #expect(fetch.take(plan.chunk(index, of: file)!, at: index, uptime: 500) == nil) }
        #expect(fetch.tick(uptime: 1499) == nil)

        let answer = fetch.tick(uptime: 1500)
        let request = try #require(answer)
        #expect(request.indices == [1, 2, 4])
        for index in [4, 1] { #expect(fetch.take(plan.chunk(index, of: file)!, at: index, uptime: 1600) == nil) }
        #expect(fetch.take(plan.chunk(2, of: file)!, at: 2, uptime: 1600) == file)
    }

    @Test("requests that bring nothing become rarer, up to once a minute; a reconnect starts anew")
    func backOff() {
        var fetch = ChunkFetch(plan, uptime: 0)
        var asked: [Int64] = []
        for uptime in stride(from: Int64(0), through: 300_000, by: 500) where fetch.tick(uptime: uptime) != nil {
            asked.append(uptime)
        }
        #expect(asked == [1000, 3000, 7000, 15_000, 31_000, 63_000, 123_000, 183_000, 243_000])
        fetch.connected(uptime: 250_000)
        #expect(fetch.tick(uptime: 251_000) != nil)
    }

    @Test("L-8 garbage under the file's digest is thrown away, counted, and asked for again")
    func garbage() throws {
        var fetch = ChunkFetch(plan, uptime: 0)
        for index in 0..<5 {
            #expect(fetch.take(Data(repeating: 9, count: 1000), at: index, uptime: 0) == nil)
        }
        #expect(fetch.corruptions == 1)
        #expect(fetch.take(Data(), at: 0, uptime: 0) == nil)
        #expect(fetch.take(Data(repeating: 1, count: 70_000), at: 99, uptime: 0) == nil)
        #expect(fetch.take(Data([1]), at: -1, uptime: 0) == nil)
        let request = fetch.tick(uptime: 10_000)
        #expect(request?.indices == [0, 1, 2, 3, 4])
        #expect(fetch.refusal == nil && fetch.asked == 5)

        for time in 1...2 {
            for index in 0..<5 { _ = fetch.take(Data(repeating: 9, count: 1000), at: index, uptime: Int64(time)) }
        }
        #expect(fetch.refusal == .garbage(times: 3))
    }

    @Test("L-8 one chunk a minute is given up by name; a coordinator that is away for a day is waited for")
    func slow() {
        let file = Data(repeating: 1, count: 100_000)
        let plan = ChunkPlan(of: file, chunkBytes: 1000)
        var fetch = ChunkFetch(plan, uptime: 0)
        var taken = 0
        while fetch.refusal == nil, taken < 100 {
            _ = fetch.take(plan.chunk(taken, of: file)!, at: taken, uptime: Int64(taken) * 60_000)
            taken += 1
        }
        #expect(fetch.refusal == .tooSlow(chunks: 12, of: 100, seconds: 660))

        var patient = ChunkFetch(plan, uptime: 0)
        for index in 0..<99 {
            let uptime = Int64(index) * 1000 + (index > 50 ? 86_400_000 : 0)
            #expect(patient.take(plan.chunk(index, of: file)!, at: index, uptime: uptime) == nil)
        }
        #expect(patient.refusal == nil)
        #expect(patient.take(plan.chunk(99, of: file)!, at: 99, uptime: 86_500_000) == file)
    }
}

@Suite("Learning alone")
struct LocalLearningTests {
    @Test("the first model is learned as soon as there are enough windows, once at a time")
    func first() {
        var learning = LocalLearning(minimumWindows: 100, retrainEvery: nil, uptime: 0)
        #expect(learning.begin(windows: 99, hasModel: false, isAlone: true, uptime: 0) == nil)
        #expect(learning.begin(windows: 100, hasModel: false, isAlone: false, uptime: 0) == .first)
        #expect(learning.begin(windows: 100, hasModel: false, isAlone: false, uptime: 0) == nil)
        learning.ended(succeeded: true, uptime: 10)
        #expect(learning.begin(windows: 100, hasModel: true, isAlone: true, uptime: .max) == nil)
    }

    @Test("after a failure it waits, longer each time")
    func failures() {
        var learning = LocalLearning(minimumWindows: 1, retrainEvery: nil, uptime: 0)
        var uptime: Int64 = 0
        for seconds in [30, 60, 120, 240] as [Int64] {
            #expect(learning.begin(windows: 1, hasModel: false, isAlone: true, uptime: uptime) == .first)
            learning.ended(succeeded: false, uptime: uptime)
            #expect(
                learning.begin(windows: 1, hasModel: false, isAlone: true, uptime: uptime + seconds * 1000 - 1) == nil)
            uptime += seconds * 1000
        }
    }

    @Test("alone it learns again from time to time; in a fleet it leaves that to the fleet")
    func again() {
        var learning = LocalLearning(minimumWindows: 1, retrainEvery: 60_000, uptime: 0)
        #expect(learning.begin(windows: 1, hasModel: true, isAlone: true, uptime: 59_999) == nil)
        #expect(learning.begin(windows: 1, hasModel: true, isAlone: false, uptime: 60_000) == nil)
        #expect(learning.begin(windows: 1, hasModel: true, isAlone: true, uptime: 60_000) == .again)
        learning.ended(succeeded: true, uptime: 70_000)
        #expect(learning.begin(windows: 1, hasModel: true, isAlone: true, uptime: 129_999) == nil)
        #expect(learning.begin(windows: 1, hasModel: true, isAlone: true, uptime: 130_000) == .again)
    }

    @Test("drift asks for learning, once an hour at most, and only of an agent that is alone")
    func asked() {
        var learning = LocalLearning(minimumWindows: 1, retrainEvery: nil, uptime: 0)
        learning.ask()
        #expect(learning.begin(windows: 1, hasModel: true, isAlone: false, uptime: 1) == nil)
        #expect(learning.begin(windows: 1, hasModel: true, isAlone: true, uptime: 1) == .again)
        learning.ended(succeeded: true, uptime: 1000)
        learning.ask()
        #expect(learning.begin(windows: 1, hasModel: true, isAlone: true, uptime: 3_600_999) == nil)
        #expect(learning.begin(windows: 1, hasModel: true, isAlone: true, uptime: 3_601_000) == .again)
        learning.ended(succeeded: true, uptime: 3_700_000)
        #expect(learning.begin(windows: 1, hasModel: true, isAlone: true, uptime: .max) == nil)
    }
}
