// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// Turns a device's scores into anomaly events: one alarm is one event, whatever happens to the agent meanwhile.
public struct AlarmReporter: Sendable, Equatable {
    /// Where the device stands; saved with every event, so that a restart goes on from there.
    public private(set) var state: AlarmState
    /// The alarm that was raised and has not cleared.
    public private(set) var open: AnomalyEvent?
    private var past = PastAlarms()
    private let agent: AgentID
    private let device: DeviceID

    /// Starts from calm.
    public init(agent: AgentID, device: DeviceID, policy: AlarmPolicy) {
        self.agent = agent
        self.device = device
        state = AlarmState(policy: policy)
    }

    /// Continues from what the store holds.
    ///
    /// - Parameters:
    ///   - saved: the saved state; `nil` if there is none that can be read.
    ///   - open: the ledger's open alarm of this device.
    ///   - past: earlier alarms of the device, oldest first.
    /// - Returns: the end of an open alarm that there is no state to go on from: it can only be closed.
    public mutating func restore(
        saved: AlarmState?, open: AnomalyEvent?, past: [AnomalyEvent] = [], at now: Timestamp
    ) -> AnomalyEvent? {
        for event in past { self.past.add(event) }
        if let saved, (saved.phase == .firing) == (open != nil) {
            state = state.continuing(saved)
            self.open = open
            return nil
        }
        return open.map { Self.cleared($0, span: nil, at: now) }
    }

    /// Takes in a scored window.
    ///
    /// - Parameters:
    ///   - makeID: names a new alarm.
    ///   - contributions: what each channel had to do with this window; asked for when an alarm is raised.
    ///   - cause: finds the first alarm of the same cause, for an alarm that was raised.
    /// - Returns: the event to commit, if an alarm was raised, has become more severe or has cleared.
    public mutating func handle(
        _ window: ScoredWindow, model: ModelVersion, at now: Timestamp, makeID: (Timestamp) -> ULID,
        cause: (AnomalyEvent) -> ULID? = { _ in nil }, contributions: () throws(DetectionError) -> [ChannelContribution]
    ) throws(DetectionError) -> AnomalyEvent? {
        switch state.handle(window) {
        case nil: return nil
        case .raised(let span):
            let contributions = try contributions()
            var event = AnomalyEvent(
                id: makeID(now), revision: 1, agent: agent, device: device, state: .firing,
                startedAt: span.startedAt, endedAt: span.endedAt, reportedAt: now, score: span.score,
                peakScore: span.peakScore, threshold: span.threshold, model: model,
                contributions: contributions, windows: span.windows, detector: span.detector,
                severity: span.severity, similar: past.similar(to: contributions))
            event.cause = cause(event)
            past.add(event)
            open = event
            return event
        case .worsened(let span):
            guard let raised = open else { return nil }
            let event = Self.revised(raised, span: span, at: now)
            open = event
            return event
        case .cleared(let span):
            guard let raised = open else { return nil }
            open = nil
            return Self.cleared(raised, span: span, at: now)
        }
    }

    /// The last revision of an event.
    private static func cleared(_ raised: AnomalyEvent, span: AlarmSpan?, at now: Timestamp) -> AnomalyEvent {
        var event = revised(raised, span: span, at: now)
        event.state = .cleared
        return event
    }

    /// The next revision of an event.
    private static func revised(_ raised: AnomalyEvent, span: AlarmSpan?, at now: Timestamp) -> AnomalyEvent {
        var event = raised
        event.revision += 1
        event.reportedAt = now
        guard let span else { return event }
        event.endedAt = span.endedAt
        event.peakScore = span.peakScore
        event.windows = span.windows
        event.severity = span.severity
        return event
    }
}
