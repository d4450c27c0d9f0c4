// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetStore
import LinnetTestKit
import Logging

/// A real coordinator on a real SQLite file, with a broker in memory.
final class CoordinatorHarness {
    let folder: TemporaryDirectory
    let keys: TemporaryDirectory
    let bus = InMemoryBus()
    let clock = ManualClock()
    let key = SigningKey()
    private(set) var settings: FleetSettings
    private(set) var store: SQLiteFleetStore
    private(set) var coordinator: FleetCoordinator
    private var running: Task<Void, Never>?

    /// - Parameter quorum: a round opens as soon as so many agents are there: all of them, where a test counts on all.
    init(
        quorum: Int = 2, strategy: StrategyDescription = .standard, _ change: (inout FleetSettings) -> Void = { _ in }
    ) throws {
        folder = try TemporaryDirectory()
        keys = try TemporaryDirectory()
        var policy = RoundPolicy(
            everyMilliseconds: 1000, deadlineMilliseconds: 30_000, quorum: quorum, quorumShare: 0.1, minimumWindows: 50)
        policy.settings.epochs = 2
        settings = FleetSettings(
            rounds: policy, model: .dense([3]), strategy: strategy, shadowWindows: 5, chunkBytes: 4096)
        change(&settings)
        store = try SQLiteFleetStore(path: folder.path("coordinator.sqlite"))
        coordinator = Self.make(settings, store, bus, key, keys, clock)
    }

    private static func make(
        _ settings: FleetSettings, _ store: SQLiteFleetStore, _ bus: InMemoryBus, _ key: SigningKey,
        _ keys: TemporaryDirectory, _ clock: ManualClock
    ) -> FleetCoordinator {
        FleetCoordinator(
            settings: settings, store: store, bus: bus, topics: TopicScheme(), key: key,
            trusted: TrustedAgents(directory: keys.path), clock: clock.wallClock,
            generator: SeededGenerator(seed: 5),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// Starts the coordinator, and returns once it hears what is said.
    func start() async {
        let coordinator = coordinator
        running = Task {
            // Ends by cancellation; what it throws then is of no interest.
            try? await coordinator.run()
        }
        _ = await eventually { (try? await coordinator.report().brokerConnected) == true }
    }

    func stop() async {
        running?.cancel()
        await running?.value
        running = nil
    }

    /// Ends the coordinator, closes the file, and starts another on it, as after a crash.
    ///
    /// - Parameters:
    ///   - quorum: another one than before.
    ///   - release: what becomes of versions from now on.
    ///   - plan: the standing plan from now on.
    func restart(quorum: Int? = nil, release: ReleasePolicy? = nil, plan: RolloutPlan? = nil) async throws {
        await stop()
        settings.release = release ?? settings.release
        settings.rolloutPlan = plan ?? settings.rolloutPlan
        settings.rounds.quorum = quorum ?? settings.rounds.quorum
        try store.close()
        store = try SQLiteFleetStore(path: folder.path("coordinator.sqlite"))
        coordinator = Self.make(settings, store, bus, key, keys, clock)
        await start()
    }

    /// The newest open offer, verified with the coordinator's key.
    func offer(_ kind: RoundKind, after round: Int = 0) async throws -> RoundOffer? {
        var found: RoundOffer?
        let topic = TopicScheme().text(.round(ScriptedAgent.cohort))
        _ = try await eventually {
            guard let message = bus.retained(topic) else { return false }
            let offer = try SignedEnvelope.open(message.payload, as: RoundOffer.self, by: key.verifyingKey)
            guard offer.isOpen, offer.kind == kind, offer.round > round else { return false }
            found = offer
            return true
        }
        return found
    }

    func manifest(above release: Int) async throws -> ReleaseManifest? {
        var found: ReleaseManifest?
        let topic = TopicScheme().text(.release(ScriptedAgent.cohort))
        _ = try await eventually {
            guard let message = bus.retained(topic) else { return false }
            let manifest = try SignedEnvelope.open(message.payload, as: ReleaseManifest.self, by: key.verifyingKey)
            guard manifest.release > release else { return false }
            found = manifest
            return true
        }
        return found
    }

    func model(_ version: ModelVersion?) throws -> ModelArtifact? {
        guard let version, let file = try store.file(of: version.digest) else { return nil }
        return try ModelArtifact(parsing: file)
    }

    func auditActions() throws -> [String] { try store.audit(after: 0, limit: 1000).map(\.action) }
}
