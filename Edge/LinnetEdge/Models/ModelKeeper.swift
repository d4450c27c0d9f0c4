// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetMessaging
import LinnetNN
import Logging

/// Carries out what ``ModelLifecycle`` and ``LocalLearning`` decide: keeps the models of an agent, learns, and swaps.
///
/// One input is taken at a time. What takes long runs beside it and comes back as another input.
public actor ModelKeeper {
    enum Input: Sendable {
        case event(ModelEvent)
        /// A rollout's order to this agent.
        case order(ReleaseManifest, rollout: Int)
        case device(DeviceOutput)
        case learned(LocalLearner.Result?, base: ModelVersion?, failure: String)
        case calibrated(Digest, [DeviceID: Calibration])
        case confirmRestored
        case connected
        case tick
    }
    typealias Job = @Sendable () async throws -> Void

    /// What the agent's state says of its models.
    public struct State: Sendable, Equatable {
        public var active: ModelVersion?
        public var previous: ModelVersion?
        public var candidate: ModelVersion?
        public var release: Int
        public var confirmed: Int?
        public var trainingWindows: Int
    }

    let parts: AgentParts
    let devices: [DevicePipeline]
    let learner: LocalLearner
    let mailbox = Mailbox<Input>(limit: 4096)
    let reports = Mailbox<RolloutReport>(limit: 256)
    var lifecycle: ModelLifecycle
    var learning: LocalLearning
    var active: LoadedModel?
    var previous: LoadedModel?
    var trial: ShadowTrial?
    /// Watches the active model beside the one before; absent once it is confirmed.
    var watch: ProbationWatch?
    /// The release that made the active model active; 0 for a model learned here, or one that was put back.
    var activeRelease = 0
    var confirmedRelease = 0
    var windowCounts: [DeviceID: Int] = [:]
    var isCalibrating = false
    var reminder: ReleaseManifest?
    /// The last order of a rollout, which is noted with each step of its release.
    var order: (release: Int, rollout: Int)?
    var unwritten: Digest?
    var lastReport: RolloutReport?

    init(parts: AgentParts, devices: [DevicePipeline]) {
        self.parts = parts
        self.devices = devices
        learner = LocalLearner(configuration: parts.configuration, contract: parts.contract)
        lifecycle = ModelLifecycle(contract: parts.contract, lastRelease: 0, active: nil, previous: nil)
        let settings = parts.configuration.learning
        learning = LocalLearning(
            minimumWindows: max(settings.minimumWindows, Calibration.minimumWindows),
            retrainEvery: settings.retrainEveryMilliseconds.map(Int64.init), uptime: parts.clock.uptime())
    }

    /// Hands something in, from anywhere.
    nonisolated func post(_ input: Input) { mailbox.post(input) }

    /// Goes on with what the store holds.
    func restore() async throws {
        let store = parts.store
        active = try await load(.active)
        previous = try await load(.previous)
        if active == nil, let previous {
            // A flipped bit in the active model's file: better an older model than none.
            parts.logger.error("the active model can not be read, the previous one takes its place")
            let entry = HistoryEntry(at: parts.clock.now(), .reverted, nil, reason: "its file is damaged")
            if try await store.restorePrevious(noting: entry) { active = previous }
            self.previous = nil
        }
        windowCounts = try await store.windowCounts()
        lifecycle = ModelLifecycle(
            contract: parts.contract, lastRelease: try await store.lastRelease(), active: active?.version,
            previous: previous?.version)
        (activeRelease, confirmedRelease) = try await store.activeRelease()
        // A restart does not end a probation: it begins anew.
        if activeRelease > confirmedRelease, let active {
            let isWatched = try await install(beside: previous)
            watch = isWatched ? ProbationWatch(active.version.digest) : nil
            post(.confirmRestored)
        } else {
            try await install(beside: nil)
        }
    }

    private func load(_ slot: ModelSlot) async throws(EdgeStoreError) -> LoadedModel? {
        guard let stored = try await parts.store.model(in: slot) else { return nil }
        do { return try LoadedModel(stored) } catch {
            parts.logger.error("a stored model can not be run", metadata: ["slot": "\(slot)", "reason": "\(error)"])
            return nil
        }
    }

    /// Works until the task is cancelled.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await self.tellReports() }
            for await input in mailbox.stream {
                for job in try await handle(input) { group.addTask { try await job() } }
            }
            group.cancelAll()
        }
    }

    /// What the agent's state says of the models.
    public func state() -> State {
        State(
            active: lifecycle.active, previous: lifecycle.previous, candidate: lifecycle.candidate,
            release: lifecycle.lastRelease,
            confirmed: activeRelease > 0 && activeRelease == confirmedRelease ? activeRelease : nil,
            trainingWindows: windowCounts.values.reduce(0, +))
    }

    // MARK: - Inputs

    private func handle(_ input: Input) async throws -> [Job] {
        switch input {
        case .event(let event): return try await handle(event)
        case .order(let manifest, let rollout):
            order = (manifest.release, rollout)
            return try await handle(.manifest(manifest, at: parts.clock.now()))
        case .device(.windowsStored(let device, let count)):
            let limit = parts.configuration.learning.storedWindows
            windowCounts[device] = min(limit, windowCounts[device, default: 0] + count)
            return try await look()
        case .device(.shadowed(let device, let digest, let comparison)):
            guard trial?.digest == digest, let verdict = trial?.add(comparison, of: device) else { return [] }
            return try await handle(.shadowed(digest, verdict))
        case .device(.probation(let device, let digest, let probation)):
            guard watch?.digest == digest, let evidence = watch?.add(probation, of: device) else { return [] }
            watch = nil
            try await confirm(evidence)
        case .device(.misbehaved(let digest, let reason, let evidence)):
            return try await handle(.misbehaved(digest, reason, evidence))
        case .device(.drifted):
            learning.ask()
            return try await look()
        case .device(.eventCommitted), .device(.phaseChanged): break
        case .learned(let result, let base, let failure):
            return try await finishLearning(result, base: base, failure: failure)
        case .calibrated(let digest, let calibrations): return try await finishCalibration(digest, calibrations)
        case .confirmRestored: if watch == nil { try await confirm([:]) }
        case .connected: if let lastReport { reports.post(lastReport) }
        case .tick: return try await look()
        }
        return []
    }

    func handle(_ event: ModelEvent) async throws -> [Job] {
        var jobs: [Job] = []
        for action in lifecycle.handle(event) { jobs += try await perform(action) }
        return jobs
    }

    /// Looks whether something is due that nothing announces.
    private func look() async throws -> [Job] {
        var jobs: [Job] = []
        if let digest = unwritten {
            unwritten = nil
            jobs += try await handle(.activationFailed(digest))
        }
        if let manifest = reminder, lifecycle.phase == .idle {
            reminder = nil
            jobs += try await handle(.manifest(manifest, at: parts.clock.now()))
        }
        let most = windowCounts.values.max() ?? 0
        if case .ready = lifecycle.phase { jobs += try await lookAtMachines() }
        if case .waitingForWindows(let candidate) = lifecycle.phase,
            most >= LocalLearner.windowsToCalibrate(candidate.artifact)
        {
            jobs += try await handle(.windowsStored)
        }
        let decision = learning.begin(
            windows: most, hasModel: active != nil,
            isAlone: parts.bus == nil || (active?.version.isLocal ?? true) && lifecycle.lastRelease == 0,
            uptime: parts.clock.uptime())
        if let decision { jobs.append(learn(decision)) }
        if let job = calibrateLateDevices() { jobs.append(job) }
        return jobs
    }
}
