// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetNN
import LinnetTestKit
import Testing

extension LiveAgents {
    /// What a hostile broker can do to the release channel without the coordinator's key, on a live agent.
    @Suite("Attacks on the release channel")
    struct ReleaseAttackTests {
        private let good: Data
        private let other: Data

        init() throws {
            good = try Fixtures.trained(provenance: ["version": "1"]).model.bytes
            other = try Fixtures.trained(provenance: ["version": "2"]).model.bytes
        }

        /// Waits until the agent says that it has refused something by a name, so many times.
        private func refused(
            _ name: String, _ harness: AgentHarness, times: Int = 1, notIn session: ULID? = nil
        ) async -> Bool {
            await eventually {
                guard let state = try? harness.states().last, state.session != session else { return false }
                return state.refused?[name] ?? 0 >= times
            }
        }

        /// The agent still runs what it has learned alone, and nothing else is on its disk.
        private func expectUntouched(_ harness: AgentHarness) async throws {
            await harness.stop()
            let store = try harness.store()
            #expect(try await store.model(in: .active)?.version == harness.learned)
            #expect(try await store.model(in: .previous) == nil)
            #expect(try await store.model(in: .candidate) == nil)
            let history = try await store.history()
            #expect(history.fault == nil && history.rows.allSatisfy { $0.entry.active == harness.learned })
        }

        @Test("L-4 arbitrary install: a manifest by an unknown key, one with a changed byte, one of another kind")
        func arbitraryInstall() async throws {
            let harness = try await AgentHarness()
            try harness.start()
            let manifest = harness.manifest(1, good)
            let forged = try SignedEnvelope(sealing: manifest, with: SigningKey())
            try harness.bus.deliver(harness.topics.message(.release(harness.cohort), payload: try forged.encoded()))
            #expect(await refused("bad-signature", harness))
            var changed = try SignedEnvelope(sealing: manifest, with: harness.coordinator)
            changed.body = changed.body.replacing(#""release":1"#, with: #""release":2"#)
            try harness.bus.deliver(harness.topics.message(.release(harness.cohort), payload: try changed.encoded()))
            #expect(await refused("bad-signature", harness, times: 2))
            let order = DesiredVersion(agent: Fixtures.agent, rollout: 1, manifest: manifest)
            try harness.publish(order, on: .release(harness.cohort))
            #expect(await refused("wrong-type", harness))
            try harness.bus.deliver(harness.topics.message(.release(harness.cohort), payload: Data("{}".utf8)))
            #expect(await refused("malformed", harness))
            try harness.send(good, 0..<9)
            try await expectUntouched(harness)
        }

        @Test("L-4 wrong cohort, wrong agent, extraneous fields, freeze by an expired manifest")
        func wrongPlace() async throws {
            let harness = try await AgentHarness()
            try harness.start()
            // A release of another cohort does not reach the agent under its own name, so it comes under this one's.
            let foreign = Fixtures.manifest(release: 1, bytes: good, cohort: CohortID(checked: "c-000000000000"))
            try harness.publish(foreign, on: .release(harness.cohort))
            #expect(await refused("wrong-cohort", harness))
            let order = DesiredVersion(
                agent: AgentID(checked: "press-2"), rollout: 1, manifest: harness.manifest(2, good))
            try harness.publish(order, on: .desired(Fixtures.agent))
            #expect(await refused("wrong-agent", harness))
            let envelope = try SignedEnvelope(sealing: harness.manifest(3, good), with: harness.coordinator).encoded()
            let loose = String(decoding: envelope, as: UTF8.self).replacing(
                #""keyID""#, with: #""url":"http://example.com/model","keyID""#)
            try harness.bus.deliver(harness.topics.message(.release(harness.cohort), payload: Data(loose.utf8)))
            #expect(await refused("unknown-field", harness))
            var stale = harness.manifest(4, good)
            stale.expiresAt = Timestamp.now().adding(milliseconds: -1000)
            try harness.release(stale)
            #expect(await refused("expired", harness))
            try harness.send(good, 0..<9)
            try await expectUntouched(harness)
        }

        @Test(
            "L-4 rollback and freeze: an older manifest is refused for good, also after a restart; the same one is no news"
        )
        func rollback() async throws {
            let harness = try await AgentHarness()
            try harness.start()
            let manifests = [harness.manifest(1, other), harness.manifest(2, good)]
            for manifest in manifests {
                try harness.release(manifest)
                let isConfirmed = try await eventually {
                    try harness.serve([good, other])
                    return try harness.reports(manifest.release).contains { $0.state == .confirmed }
                }
                #expect(isConfirmed)
            }
            try harness.release(manifests[0])
            #expect(await refused("replayed", harness))
            await harness.stop()
            // The broker keeps the old one, and hands it out again.
            let (reports, session) = (try harness.reports(1).count, try harness.states().last?.session)
            try harness.start()
            #expect(await refused("replayed", harness, notIn: session))
            try harness.release(manifests[1])
            try harness.release(manifests[0])
            #expect(await refused("replayed", harness, times: 2))
            await harness.stop()
            #expect(try await harness.store().model(in: .active)?.bytes == good)
            #expect(try harness.reports(1).count == reports, "a replay is no progress of its release")
        }

        @Test("L-4 L-8 mix-and-match and endless data: another file under this one's name is given up by name")
        func garbage() async throws {
            let harness = try await AgentHarness()
            try harness.start()
            try harness.release(harness.manifest(1, good))
            _ = try await harness.hasReported(.downloading, 1)
            let plan = AgentHarness.plan(of: good)
            try #require(other.count == good.count)
            // Chunks that are too long, too many, or of no file; then the other model's, again and again.
            let hostile: [(digest: Digest, index: Int, bytes: Data)] = [
                (plan.digest, 0, Data(repeating: 1, count: 200_000)),
                (plan.digest, 70_000, Data(repeating: 1, count: 1024)),
                (Digest(of: other), 0, Data(repeating: 1, count: 1024)), (plan.digest, 1, Data()),
            ]
            for chunk in hostile {
                try harness.bus.deliver(
                    harness.topics.message(.model(chunk.digest, index: chunk.index), payload: chunk.bytes))
            }
            let otherPlan = AgentHarness.plan(of: other)
            _ = try await eventually {
                for index in 0..<plan.count {
                    let chunk = try #require(otherPlan.chunk(index, of: other))
                    try harness.bus.deliver(harness.topics.message(.model(plan.digest, index: index), payload: chunk))
                }
                return try harness.reports(1).contains { $0.state == .refused }
            }
            let report = try #require(try harness.reports(1).last)
            #expect(report.reason == "what came as the file was another one 3 times")
            #expect(await refused("garbage", harness))

            var huge = harness.manifest(2, good)
            (huge.model.plan.bytes, huge.model.plan.chunkBytes) = (65 << 20, 65_536)
            try harness.release(huge)
            #expect(try await harness.hasReported(.refused, 2)?.reason.contains("at most 67108864 are taken") == true)
            try harness.bus.deliver(
                harness.topics.message(.release(harness.cohort), payload: Data(repeating: 32, count: 300_000)))
            #expect(await refused("message-too-large", harness))
            try await expectUntouched(harness)
        }

        @Test("L-4 L-8 slow retrieval: one chunk every two minutes is given up by name")
        func slowRetrieval() async throws {
            let harness = try await AgentHarness()
            // Two minutes of the agent's are fifty milliseconds here.
            let began = AgentClock.system.uptime()
            let clock = AgentClock(wall: .system) { (AgentClock.system.uptime() - began) * 2400 }
            try harness.start(clock: clock)
            var manifest = harness.manifest(1, good)
            manifest.model.plan.chunkBytes = 64
            let plan = manifest.model.plan
            try harness.release(manifest)
            _ = try await harness.hasReported(.downloading, 1)
            var next = 0
            let isRefused = try await eventually {
                if let chunk = plan.chunk(next, of: good), next < plan.count - 1 {
                    try harness.bus.deliver(harness.topics.message(.model(plan.digest, index: next), payload: chunk))
                    next += 1
                    try await Task.sleep(for: .milliseconds(50))
                }
                return try harness.reports(1).contains { $0.state == .refused }
            }
            #expect(isRefused)
            #expect(try harness.reports(1).last?.reason.hasPrefix("the file came too slowly: ") == true)
            #expect(await refused("too-slow", harness))
            try await expectUntouched(harness)
        }

        @Test(
            "L-4 partial bundle: as long as one part is missing nothing is installed, and the agent goes on asking for it"
        )
        func partialBundle() async throws {
            let harness = try await AgentHarness()
            try harness.start()
            let manifest = harness.manifest(1, good)
            try harness.release(manifest)
            _ = try await harness.hasReported(.downloading, 1)
            let last = manifest.model.plan.count - 1
            let isAsked = try await eventually {
                try harness.send(good, 0..<last)
                return try harness.requests().contains { $0.indices == [last] }
            }
            #expect(isAsked)
            #expect(try harness.reports(1).map(\.state) == [.downloading])
            try await expectUntouched(harness)
        }
    }
}
