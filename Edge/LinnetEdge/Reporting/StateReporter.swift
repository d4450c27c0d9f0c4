// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import Logging

/// Tells what the agent runs and how it is: on every change, and every few seconds in any case.
public actor StateReporter {
    private let parts: AgentParts
    private let session: ULID
    private let devices: [DevicePipeline]
    private let keeper: ModelKeeper
    private let courier: Courier
    private var audit = EchoAudit()
    private var echoes: UInt64 = 0
    private var isConnected = false
    private var isPresenceDue = false
    private var isPublishing = false
    private var lastSignature: Signature?
    private var lastSentAt: Int64?

    /// What of the state is told at once when it changes.
    private struct Signature: Equatable {
        var phases: [AlarmPhase]
        var models: ModelKeeper.State
        var dropped: Int
        var isOutboxEmpty: Bool
        var sitsOut: String?
        var refused: [String: Int]?
    }

    init(parts: AgentParts, session: ULID, devices: [DevicePipeline], keeper: ModelKeeper, courier: Courier) {
        self.parts = parts
        self.session = session
        self.devices = devices
        self.keeper = keeper
        self.courier = courier
    }

    /// Whether the agent is connected and nothing comes back.
    public var isCoordinatorSilent: Bool { audit.isSilent }

    /// Takes in a change of the connection; the next tick tells everything anew.
    func connectionChanged(isConnected: Bool) {
        self.isConnected = isConnected
        isPresenceDue = isConnected
        lastSignature = nil
        audit.connectionChanged(isConnected: isConnected, uptime: parts.clock.uptime())
    }

    /// Takes in the word that an acknowledgement brought back.
    func received(echo: String?) {
        audit.received(echo, uptime: parts.clock.uptime())
    }

    /// Tells the state if it is due.
    func tick() async throws(EdgeStoreError) {
        guard isConnected, !isPublishing else { return }
        let uptime = parts.clock.uptime()
        let every = Int64(parts.configuration.stateEveryMilliseconds)
        if audit.tick(uptime: uptime, stateEvery: every) {
            parts.logger.warning(
                "connected, but nothing comes back: the coordinator is away, or the broker's access rules forbid it",
                metadata: ["topic": "\(parts.topics.text(.acknowledgement(parts.configuration.agent)))"])
        }
        let state = try await gather()
        let signature = Self.signature(of: state)
        guard signature != lastSignature || lastSentAt.map({ uptime - $0 >= every }) ?? true else { return }
        isPublishing = true
        defer { isPublishing = false }
        if isPresenceDue {
            isPresenceDue = false
            await publishPresence(online: true)
        }
        lastSignature = signature
        lastSentAt = uptime
        audit.sent(state.echo, uptime: uptime)
        await publish(.state(parts.configuration.agent), state)
    }

    /// Says goodbye: a clean end leaves no will.
    func close() async throws(EdgeStoreError) {
        guard isConnected else { return }
        await publish(.state(parts.configuration.agent), try await gather())
        await publishPresence(online: false)
    }

    private func publishPresence(online: Bool) async {
        let presence = Presence(online: online, session: session, at: parts.clock.now())
        await publish(.presence(parts.configuration.agent), presence)
    }

    // MARK: - The state

    private func gather() async throws(EdgeStoreError) -> AgentState {
        var states: [DeviceState] = []
        for device in devices { states.append(await device.state()) }
        let models = await keeper.state()
        let outbox = try await courier.status()
        echoes += 1
        return AgentState(
            agent: parts.configuration.agent, session: session, software: "linnet-edge \(Software.version)",
            at: parts.clock.now(),
            cohort: CohortID(of: parts.contract), contract: parts.contract, devices: states, active: models.active,
            previous: models.previous, candidate: models.candidate, release: models.release,
            confirmed: models.confirmed, site: parts.configuration.site,
            tags: parts.configuration.tags.isEmpty ? nil : parts.configuration.tags,
            trainingWindows: models.trainingWindows, outboxDepth: outbox.depth, outboxDropped: outbox.dropped,
            residentBytes: ResidentMemory.bytes(), sitsOut: parts.sitsOut(states),
            answers: RoundKind.allCases.map(\.rawValue), refused: parts.refusals.all,
            echo: "\(session.text.suffix(6))-\(echoes)")
    }

    private static func signature(of state: AgentState) -> Signature {
        Signature(
            phases: state.devices.map(\.phase),
            models: ModelKeeper.State(
                active: state.active, previous: state.previous, candidate: state.candidate, release: state.release,
                confirmed: state.confirmed,
                // Grows with every window, which is no news.
                trainingWindows: 0),
            dropped: state.outboxDropped, isOutboxEmpty: state.outboxDepth == 0, sitsOut: state.sitsOut,
            refused: state.refused)
    }

    private func publish(_ topic: Topic, _ value: some Encodable & Sendable) async {
        guard let bus = parts.bus else { return }
        do {
            let payload = try Wire.encode(value)
            try await bus.publish(
                Message(topic: parts.topics.text(topic), payload: payload, isRetained: topic.isRetained))
        } catch {
            // The next one says it all again.
            parts.logger.debug("not told", metadata: ["topic": "\(parts.topics.text(topic))", "reason": "\(error)"])
        }
    }
}
