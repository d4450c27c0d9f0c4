// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetNN
import LinnetTestKit
import Testing

extension LiveAgents {
    /// Walks an agent's death over every write of a download, a switch and a way back, with a real file.
    @Suite("An agent that is killed at any write")
    struct CrashWalkTests {
        private let files: [Data]

        init() throws {
            files = try (1...2).map { try Fixtures.trained(provenance: ["version": "\($0)"]).model.bytes }
        }

        @Test("L-4 runs exactly one verified model whenever it comes back, and ends with the one that is wanted")
        func walk() async throws {
            // Side by side, for they mostly wait; every number of commits is tried until one is not reached any more.
            var deaths = 0
            for first in stride(from: 1, to: 100, by: 4) {
                let killed = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for commit in first..<first + 4 { group.addTask { try await life(killedAt: commit) } }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                deaths += killed
                if killed < 4 { break }
            }
            // Twice: assigned, begun, its chunks, verified, shadow, self-test, switch, confirmed; then back, and confirmed.
            #expect((16..<96).contains(deaths), "\(deaths) deaths")
        }

        /// Brings one agent through two releases and back, over one death.
        ///
        /// - Returns: whether it was killed.
        private func life(killedAt commit: Int) async throws -> Bool {
            let place = "killed at write \(commit)"
            let harness = try await AgentHarness()
            let manifests = [
                harness.manifest(1, files[0]), harness.manifest(2, files[1]),
                harness.manifest(3, files[0], reverts: Digest(of: files[1])),
            ]
            let reaper = Reaper(at: commit)
            try harness.start(reaper)
            for manifest in manifests {
                try harness.release(manifest)
                let isConfirmed = try await eventually {
                    if harness.reaper.isDead {
                        await harness.stop()
                        try await expectOneModel(harness, place)
                        try harness.start()
                    }
                    try harness.serve(files)
                    let state = try harness.states().last
                    return state?.confirmed == manifest.release
                        && state?.active?.digest == manifest.model.version.digest
                }
                #expect(isConfirmed, "\(place): release \(manifest.release) never confirmed")
            }
            await harness.stop()
            try await expectOneModel(harness, place)
            let store = try harness.store()
            #expect(try await store.model(in: .active)?.bytes == files[0], "\(place)")
            #expect(try await store.model(in: .candidate) == nil, "\(place)")
            let answer = try #require(
                try await store.history().answer(for: Fixtures.device, at: Timestamp(milliseconds: .max)))
            #expect(answer.version?.digest == Digest(of: files[0]) && answer.cause?.entry.release == 3, "\(place)")
            return reaper.isDead
        }

        /// The active model is whole, it is one that was verified, and the history says how it came there.
        private func expectOneModel(_ harness: AgentHarness, _ place: String) async throws {
            let store = try harness.store()
            #expect(store.quarantined == nil, "\(place)")
            let active = try #require(try await store.model(in: .active), "\(place): no model")
            _ = try ModelArtifact(parsing: active.bytes)
            #expect(active.version.digest == harness.learned.digest || files.contains(active.bytes), "\(place)")
            #expect(active.calibrations[Fixtures.device] != nil, "\(place)")
            let history = try await store.history()
            #expect(history.fault == nil, "\(place): \(history.fault.map { "\($0)" } ?? "")")
            #expect(history.rows.last?.entry.active == active.version, "\(place)")
        }
    }
}
