// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import Testing

@Suite("Updates on their way")
struct UpdateInboxTests {
    private let agent = try! AgentID("press")
    private let body = Data((0..<100).map { UInt8($0) })

    private func header(
        _ sequence: Int64 = 1, round: Int = 7, agent: AgentID? = nil, bytes: Data? = nil
    ) throws -> UpdateHeader {
        UpdateHeader(
            agent: agent ?? self.agent, cohort: try CohortID("c-1"), round: round, kind: .statistics, base: nil,
            windows: 10, lossBefore: nil, lossAfter: nil, plan: ChunkPlan(of: bytes ?? body, chunkBytes: 30),
            sequence: sequence, at: Timestamp(milliseconds: 0))
    }

    private func add(_ part: Int, to inbox: inout UpdateInbox, round: Int = 7) throws -> UpdateInbox.Outcome {
        let chunk = try header().plan.chunk(part - 1, of: body) ?? Data()
        return inbox.add(chunk, part: part, of: round, from: agent)
    }

    @Test("chunks in any order, twice, and late make the update whole, once")
    func anyOrder() throws {
        var inbox = UpdateInbox()
        let header = try header()
        #expect(inbox.open(header) == .collecting)

        #expect(try add(3, to: &inbox) == .collecting)
        #expect(try add(3, to: &inbox) == .ignored)
        #expect(try add(1, to: &inbox) == .collecting)
        #expect(inbox.open(header) == .collecting, "the header sent again does not start anew")
        #expect(try add(4, to: &inbox) == .collecting)
        #expect(try add(2, to: &inbox) == .complete(header, body))
        #expect(try add(2, to: &inbox) == .ignored)
        #expect(inbox.count == 0)
    }

    @Test("chunks without a header, of another round, or out of range are ignored")
    func unannounced() throws {
        var inbox = UpdateInbox()
        #expect(try add(1, to: &inbox) == .ignored)
        _ = inbox.open(try header())

        #expect(try add(1, to: &inbox, round: 8) == .ignored)
        for part in [-1, 0, 5, Int.max, Int.min] {
            #expect(inbox.add(body.prefix(30), part: part, of: 7, from: agent) == .ignored)
        }
    }

    @Test("bytes that are not those announced are corrupt, and let go")
    func corrupt() throws {
        var inbox = UpdateInbox()
        let header = try header()
        _ = inbox.open(header)
        for part in 1...3 { _ = try add(part, to: &inbox) }

        #expect(inbox.add(Data(repeating: 9, count: 10), part: 4, of: 7, from: agent) == .corrupt(header))
        #expect(inbox.count == 0)
    }

    @Test("of two updates of an agent the newer one is collected, in whatever order they come")
    func newest() throws {
        var inbox = UpdateInbox()
        _ = inbox.open(try header(2))
        _ = inbox.open(try header(1))
        for part in 1...3 { _ = try add(part, to: &inbox) }
        #expect(try add(4, to: &inbox) == .complete(try header(2), body))

        _ = inbox.open(try header(3))
        _ = try add(1, to: &inbox)
        _ = inbox.open(try header(4))
        for part in 2...4 { #expect(try add(part, to: &inbox) == .collecting) }
    }

    @Test("there is a limit on updates and on bytes")
    func limits() throws {
        let other = try AgentID("pump")
        var few = UpdateInbox(maximumUpdates: 1, maximumBytes: 1000)
        #expect(few.open(try header()) == .collecting)
        #expect(few.open(try header(agent: other)) == .full)

        var small = UpdateInbox(maximumUpdates: 10, maximumBytes: 150)
        #expect(small.open(try header()) == .collecting)
        #expect(small.open(try header(agent: other)) == .full)
        #expect(small.open(try header(agent: other, bytes: Data(count: 50))) == .collecting)
    }

    @Test("what belongs to a round that is over is let go")
    func roundsOver() throws {
        var inbox = UpdateInbox()
        _ = inbox.open(try header(round: 7))
        _ = inbox.open(try header(round: 8, agent: try AgentID("pump")))

        inbox.keep(rounds: [8])

        #expect(inbox.count == 1)
    }

    @Test("requests for chunks are gathered into one answer, for a bounded number of models")
    func repairs() throws {
        var repairs = ChunkRepairs()
        let digests = (0...ChunkRepairs.maximumModels).map { Digest(of: Data("\($0)".utf8)) }

        #expect(repairs.add(digests[0], [3, 1]) == true)
        #expect(repairs.add(digests[0], [1, 2]) == true)
        #expect(repairs.take().map(\.1) == [[1, 2, 3]])
        #expect(repairs.take().count == 0)

        for digest in digests.dropLast() { #expect(repairs.add(digest, [0]) == true) }
        #expect(repairs.add(try #require(digests.last), [0]) == false)
        #expect(repairs.add(digests[0], [1]) == true)
    }
}
