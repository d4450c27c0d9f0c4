// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetMessaging
import LinnetNN
import Logging

/// Watches one device: samples become windows, windows scores, scores alarms, and alarms events in the outbox.
///
/// It works without a coordinator, without a broker, and without a model: then it gathers windows to learn from.
public actor DevicePipeline {
    public nonisolated let id: DeviceID
    private let contract: SignalContract
    private let store: EdgeStore
    let clock: AgentClock
    let logger: Logger
    private let makeID: @Sendable (Timestamp) -> ULID
    let output: @Sendable (DeviceOutput) -> Void

    var windower: Windower
    private var filter: LearningFilter
    var alarms: AlarmReporter
    var active: Scorer?
    var trial = Trial.none
    private var recorder: WindowRecorder
    private let isUnderMaintenance: Bool
    var idle: IdleWatch?
    let windowsPerDay: Double
    let recalibrates: Bool
    private let groups: AlarmGroups
    var drift: DriftWatch
    /// What the store holds of the threshold, for the model that is installed first.
    var thresholdMemory: ThresholdMemory?
    private var events = EventQueue()
    private var isWriting = false

    var lastScore: Double?
    var scoredWindows = 0
    var alarmCount = 0
    /// By the uptime clock; absent before the first time.
    private var stateSavedAt: Int64?

    /// - Parameters:
    ///   - makeID: names new alarms.
    ///   - output: called for what other parts must know; must not wait.
    public init(
        device: DeviceID, configuration: EdgeConfiguration, contract: SignalContract, store: EdgeStore,
        clock: AgentClock, logger: Logger, makeID: @escaping @Sendable (Timestamp) -> ULID,
        groups: AlarmGroups = AlarmGroups(), output: @escaping @Sendable (DeviceOutput) -> Void
    ) {
        id = device
        self.groups = groups
        self.contract = contract
        self.store = store
        self.clock = clock
        self.makeID = makeID
        self.output = output
        var logger = logger
        logger[metadataKey: "device"] = "\(device)"
        self.logger = logger
        let window = configuration.window
        windower = Windower(
            contract: contract, stride: window.stride, missing: .hold(window.holdMissing),
            maximumGapMilliseconds: window.maximumGapMilliseconds)
        let policy = configuration.detection.policy
        let overlap = (window.length + window.stride - 1) / window.stride
        filter = LearningFilter(delay: policy.raiseAfter + overlap)
        alarms = AlarmReporter(agent: configuration.agent, device: device, policy: policy)
        recorder = WindowRecorder(device: device)
        windowsPerDay = LocalLearner.windowsPerDay(contract, stride: window.stride)
        recalibrates = configuration.detection.recalibrates
        drift = DriftWatch(stride: overlap)
        isUnderMaintenance = configuration.devices.contains { $0.id == device && $0.isUnderMaintenance }
        idle = configuration.devices.first { $0.id == device }?.idle.flatMap {
            IdleWatch($0, channels: contract.channels)
        }
    }

    /// Goes on from where the store says the device stood.
    public func restore() async throws(EdgeStoreError) {
        alarmCount = try await store.alarmCounts()[id] ?? 0
        let memory = DeviceMemory(try await store.alarmState(of: id))
        thresholdMemory = memory?.threshold
        let orphan = alarms.restore(
            saved: memory?.alarm, open: try await store.openAlarm(of: id),
            past: try await store.recentAlarms(of: id, newest: PastAlarms.capacity), at: clock.now())
        if let orphan { try await report(orphan) }
        if let open = alarms.open {
            logger.notice("alarm goes on after a restart", metadata: ["event.id": "\(open.id)"])
        }
    }

    // MARK: - Samples

    /// Reads samples until the task is cancelled; a source that fails is opened again, more and more slowly.
    public func run(_ open: @Sendable () throws -> any DataSource) async throws {
        var pauseSeconds = 1
        while !Task.isCancelled {
            do {
                var source = try open()
                guard source.channels == contract.channels else {
                    let names = source.channels.map(\.name).joined(separator: ", ")
                    throw DetectionError.source("the channels are \(names) by now; the agent has to be started anew")
                }
                while let sample = try await source.next() {
                    try await take(sample)
                    pauseSeconds = 1
                }
                logger.notice("the source has ended; the device is watched no more")
                return
            } catch let error as EdgeStoreError {
                throw error
            } catch {
                if Task.isCancelled { return }
                logger.warning(
                    "the source failed and is opened again",
                    metadata: ["reason": "\(error)", "pause.seconds": "\(pauseSeconds)"])
            }
            // Cancelled while it sleeps, the loop ends by its own condition.
            try? await Task.sleep(for: .seconds(pauseSeconds))
            pauseSeconds = min(60, pauseSeconds * 2)
        }
    }

    /// Takes in one sample.
    ///
    /// - Throws: ``EdgeStoreError`` if an event can not be kept and never will be; a full disk is waited out.
    public func take(_ sample: Sample) async throws {
        idle?.take(sample, uptime: clock.uptime())
        guard let window = windower.push(sample) else { return }
        scoredWindows += 1
        guard let active else {
            learn(window, isAnomalous: false, phase: .learning)
            return try await storeWindows(ifDue: recorder.isFull)
        }
        let before = alarms.state.phase
        let (scored, recalibration) = try active.device.score(window)
        lastScore = scored.score
        note(recalibration)
        note(drift.handle(scored, level: active.device.inputLevel))
        let event = try alarms.handle(
            scored, model: active.version, at: clock.now(), makeID: makeID, cause: groups.cause
        ) { () throws(DetectionError) in try active.contributions(window, channels: contract.channels) }
        let phase = alarms.state.phase
        // A threshold that others have found may be wrong for this device. If it decided what is learned, the device might
        // never have enough windows for one of its own.
        learn(
            window, isAnomalous: scored.isAnomalous && !active.isProvisional,
            phase: active.isProvisional ? .learning : phase)
        try tryOut(window, scored, by: active, isFiring: before == .firing || phase == .firing)
        if let event { try await report(event) }
        if phase != before { output(.phaseChanged) }
        try await storeWindows(ifDue: recorder.isFull)
    }

    /// Records the windows that may be learned now; none of a machine that is being worked on.
    private func learn(_ window: SampleWindow, isAnomalous: Bool, phase: AlarmPhase) {
        guard !isUnderMaintenance else { return }
        recorder.add(filter.handle(window, isAnomalous: isAnomalous, phase: phase))
    }

    private func note(_ recalibration: Recalibration?) {
        guard let recalibration else { return }
        logger.notice(
            "threshold recalibrated",
            metadata: [
                "threshold": "\(recalibration.to)", "threshold.before": "\(recalibration.from)",
                "threshold.wanted": "\(recalibration.wanted)", "scores": "\(recalibration.scores)",
                "scores.clipped": "\(recalibration.clipped)",
            ])
    }

    private func note(_ found: Drift?) {
        guard let found else { return }
        logger.notice(
            "drift: what is normal has changed, and a new model is asked for",
            metadata: [
                "drift.of": "\(found.source.rawValue)", "mean.before": "\(found.change.before)",
                "mean": "\(found.change.after)",
            ])
        output(.drifted(id))
    }

    private func report(_ event: AnomalyEvent) async throws(EdgeStoreError) {
        if event.revision == 1 { alarmCount += 1 }
        logger.notice(
            event.state == .cleared ? "alarm cleared" : event.revision == 1 ? "alarm raised" : "alarm more severe",
            metadata: [
                "severity": "\(event.severity?.rawValue ?? "unknown")",
                "detector": "\(event.detector?.rawValue ?? "unknown")",
                "event.id": "\(event.id)", "channel": "\(event.topChannel ?? "none")", "score": "\(event.score)",
                "threshold": "\(event.threshold)", "model": "\(event.model)",
            ])
        if events.add(event, alarmState: memory.bytes) {
            logger.error("the disk has been full for too long; an event was lost")
        }
        try await writeEvents()
    }

    /// Commits what waits; with a full disk it goes on waiting, and detection goes on.
    private func writeEvents() async throws(EdgeStoreError) {
        // While one call waits for the disk another may come: the first one's loop sees what it has added.
        guard !isWriting, !events.isEmpty else { return }
        isWriting = true
        defer { isWriting = false }
        while let entry = events.first {
            do { try await store.commit(entry.event, alarmState: entry.alarmState, at: clock.now()) } catch {
                guard error.isTransient else { throw error }
                return logger.error("the disk is full; events wait in memory until there is room")
            }
            events.remove(entry)
            output(.eventCommitted)
        }
    }

    private func storeWindows(ifDue isDue: Bool) async throws(EdgeStoreError) {
        guard isDue, !recorder.isEmpty else { return }
        let windows = recorder.take()
        do { try await store.append(windows) } catch {
            guard error.isTransient else { throw error }
            // Windows can be spared: more come, and events need the room more.
            return logger.warning("the disk is full; normal windows are not kept")
        }
        output(.windowsStored(id, windows.count))
    }

    /// Writes what has waited long enough; called a few times a second.
    public func tick() async throws(EdgeStoreError) {
        let uptime = clock.uptime()
        try await storeWindows(ifDue: recorder.isDue(uptime: uptime))
        try await writeEvents()
        if alarms.state.phase == .firing, stateSavedAt.map({ uptime - $0 >= 5000 }) ?? true { try await saveState() }
    }

    /// Writes all there is to write; called last.
    public func close() async throws(EdgeStoreError) {
        try await storeWindows(ifDue: true)
        try await writeEvents()
        if active != nil { try await saveState() }
    }

    private var memory: DeviceMemory { DeviceMemory(alarm: alarms.state, threshold: active?.device.threshold.memory) }

    private func saveState() async throws(EdgeStoreError) {
        // Not while events wait: the state would be ahead of the outbox.
        guard events.isEmpty else { return }
        stateSavedAt = clock.uptime()
        do { try await store.save(alarmState: memory.bytes, of: id) } catch {
            guard error.isTransient else { throw error }
            logger.warning("the disk is full; the alarm's state is not kept")
        }
    }
}
