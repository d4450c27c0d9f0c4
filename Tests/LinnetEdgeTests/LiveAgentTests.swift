// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetTestKit
import Testing

extension LiveAgents {
    @Suite("A running agent and its releases")
    struct LiveAgentTests {
        private let files: [Data]

        init() throws {
            files = try (1...2).map { try Fixtures.trained(provenance: ["version": "\($0)"]).model.bytes }
        }

        private func count(_ table: String, _ harness: AgentHarness) throws -> Int {
            var settings = Configuration()
            settings.readonly = true
            settings.busyMode = .timeout(5)
            return try DatabaseQueue(path: harness.directory.path(EdgeStore.fileName), configuration: settings).read {
                db in
                try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
            }
        }

        @Test("chunks that came before a restart are not asked for again, and a flipped bit in one costs only that one")
        func resume() async throws {
            let harness = try await AgentHarness()
            let manifest = harness.manifest(1, files[0])
            let count = manifest.model.plan.count
            try #require(count >= 4)
            try harness.start()
            try harness.release(manifest)
            _ = try await harness.hasReported(.downloading, 1)
            let areKept = try await eventually {
                // Until they are wanted, chunks are passed over.
                try harness.send(files[0], [0, 1, 2])
                return try self.count("chunk", harness) == 3
            }
            #expect(areKept, "chunks are not kept")
            await harness.stop()
            try await DatabaseQueue(path: harness.directory.path(EdgeStore.fileName)).write { db in
                try db.execute(sql: "UPDATE chunk SET bytes = zeroblob(length(bytes)) WHERE place = 1")
            }
            let before = try harness.requests().count

            try harness.start()
            let isAsked = await eventually { (try? harness.requests().count > before) == true }
            #expect(isAsked)
            let wanted = [1] + Array(3..<count)
            #expect(try harness.requests().dropFirst(before).allSatisfy { $0.indices == wanted })
            try harness.send(files[0], wanted)
            #expect(try await harness.hasReported(.confirmed, 1) != nil)
            let verified = try #require(try await harness.hasReported(.verified, 1))
            await harness.stop()

            #expect(verified.evidence["download.chunksResumed"] == 2)
            #expect(verified.evidence["download.chunks"] == Double(count))
            #expect(try self.count("chunk", harness) == 0 && self.count("download", harness) == 0)
            let history = try await harness.store().history().rows.map(\.entry)
            #expect(history.last { $0.step == .verified }?.evidence == verified.evidence)
        }

        @Test(
            "whoever was away goes straight to the newest version, however many it missed, from retained messages alone"
        )
        func catchUp() async throws {
            let harness = try await AgentHarness()
            // Releases it never heard of, among them a rollout's orders; of each topic the broker keeps the last.
            for release in 1...9 { try harness.release(harness.manifest(release, files[0] + [UInt8(release)])) }
            for release in 10...12 {
                let order = DesiredVersion(
                    agent: Fixtures.agent, rollout: 7, manifest: harness.manifest(release, files[release % 2]))
                try harness.publish(order, on: .desired(Fixtures.agent))
            }

            try harness.start()
            let isThere = try await eventually {
                try harness.serve(files)
                return try harness.states().last?.confirmed == 12
            }
            await harness.stop()

            #expect(isThere)
            #expect(try harness.states().last?.active?.digest == Digest(of: files[0]))
            let history = try await harness.store().history()
            #expect(Set(history.rows.compactMap(\.entry.release)).isSubset(of: [9, 12]))
            #expect(history.rows.last { $0.entry.step == .activated }?.entry.rollout == 7)
            #expect(
                history.rows.filter { $0.entry.step == .verified }.count == 1, "more than the newest was downloaded")
        }

        @Test("a switch that waits for the machine says so, goes on with the old model, and happens at its deadline")
        func deadline() async throws {
            let harness = try await AgentHarness()
            harness.configuration.devices[0].idle = IdleConfiguration(channel: "speed", side: .below(5))
            try harness.start()
            var manifest = harness.manifest(1, files[0])
            manifest.switchWhen = SwitchCondition(whenIdle: true)
            try harness.release(manifest)
            try harness.send(files[0], 0..<manifest.model.plan.count)
            let isReady = try await eventually {
                try harness.serve(files)
                return try harness.reports(1).contains { $0.state == .ready }
            }
            #expect(isReady)
            let ready = try #require(try harness.reports(1).last { $0.state == .ready })
            #expect(ready.reason == "device pump is not idle" && ready.evidence["shadow.windows"] ?? 0 > 0)
            #expect(try await harness.hasReported(.activated, 1, within: .milliseconds(600)) == nil)
            #expect(try harness.states().last?.active?.digest == harness.learned.digest)

            // Patience has an end: a newer release, which the one that waits gives way to.
            var forced = harness.manifest(2, files[0])
            forced.switchWhen = SwitchCondition(whenIdle: true, deadline: .now().adding(milliseconds: 500))
            try harness.release(forced)
            #expect(try await harness.hasReported(.confirmed, 2) != nil)
            await harness.stop()
            let steps = try await harness.store().history().rows.map(\.entry)
            #expect(steps.contains { $0.step == .ready && $0.release == 1 && $0.reason == "device pump is not idle" })
            #expect(!steps.contains { $0.step == .activated && $0.release == 1 })
        }

        @Test("a switch that waits for an idle machine happens as soon as it stands still")
        func idle() async throws {
            let harness = try await AgentHarness()
            harness.configuration.devices[0].idle = IdleConfiguration(
                channel: "speed", side: .above(0), forMilliseconds: 100)
            try harness.start()
            var manifest = harness.manifest(1, files[0])
            manifest.switchWhen = SwitchCondition(whenIdle: true)
            try harness.release(manifest)
            let isConfirmed = try await eventually {
                try harness.serve(files)
                return try harness.reports(1).contains { $0.state == .confirmed }
            }
            #expect(isConfirmed)
            await harness.stop()
        }

        @Test("an idle condition on a channel that is not there is told before anything starts")
        func wrongChannel() async throws {
            let harness = try await AgentHarness()
            harness.configuration.devices[0].idle = IdleConfiguration(channel: "spede", side: .below(5))
            #expect(
                throws: AgentError.idleChannel(
                    device: Fixtures.device, channel: "spede", channels: ["speed", "current", "heat"])
            ) { try harness.start() }
        }
    }
}

@Suite("Seeing that a machine stands still")
struct IdleWatchTests {
    private let channels = [Channel(name: "speed"), Channel(name: "heat")]

    private func watch(_ side: IdleConfiguration.Side = .below(5)) throws -> IdleWatch {
        try #require(
            IdleWatch(IdleConfiguration(channel: "speed", side: side, forMilliseconds: 3000), channels: channels))
    }

    private func sample(_ second: Int64, _ speed: Float, gap: Bool = false) -> Sample {
        Sample(time: Fixtures.start.adding(milliseconds: second * 1000), values: [speed, 80], followsGap: gap)
    }

    @Test("it is idle once the channel has been below its level for long enough without a break")
    func below() throws {
        var watch = try watch()
        #expect(watch.obstacle(uptime: 0) == "is silent")
        watch.take(sample(0, 900), uptime: 0)
        #expect(watch.obstacle(uptime: 0) == "is not idle")
        for second in 1...3 { watch.take(sample(Int64(second), 0), uptime: 0) }
        #expect(watch.obstacle(uptime: 0) == "is not idle for long enough yet")
        watch.take(sample(4, .nan), uptime: 0)
        #expect(watch.obstacle(uptime: 0) == nil, "a missing reading is no break")
        watch.take(sample(5, 5), uptime: 0)
        #expect(watch.obstacle(uptime: 0) == "is not idle")
    }

    @Test("above a level works as well")
    func above() throws {
        var watch = try watch(.above(5))
        for second in 0...3 { watch.take(sample(Int64(second), 6), uptime: 0) }
        #expect(watch.obstacle(uptime: 0) == nil)
    }

    @Test("after a gap, a clock that was set back, or a long silence it begins anew")
    func breaks() throws {
        for (next, uptime) in [(sample(9, 0, gap: true), Int64(0)), (sample(1, 0), 0), (sample(9, 0), 70_000)] {
            var watch = try watch()
            for second in 0...4 { watch.take(sample(Int64(second), 0), uptime: 0) }
            #expect(watch.obstacle(uptime: 0) == nil)
            watch.take(next, uptime: uptime)
            #expect(watch.obstacle(uptime: uptime) == "is not idle for long enough yet")
            #expect(watch.obstacle(uptime: uptime + 60_001) == "is silent")
        }
    }
}
