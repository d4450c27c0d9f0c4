// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain

/// Turns a device's scores into anomaly events: one alarm is one event, whatever happens to the agent meanwhile.
public struct AlarmReporter: Sendable, Equatable {
    /// Where the device stands; saved with every event, so that a restart goes on from there.
    public private(set) var state: AlarmState
    /// The alarm that was raised and has not cleared.
    public private(set) var open: AnomalyEvent?
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
    ///   - saved: the saved state; unreadable ones count as none.
    ///   - open: the ledger's open alarm of this device.
    /// - Returns: the end of an open alarm that there is no state to go on from: it can only be closed.
    public mutating func restore(saved: Data?, open: AnomalyEvent?, at now: Timestamp) -> AnomalyEvent? {
        let policy = state.policy
        // A state of another version of Linnet is no reason not to watch.
        let restored = saved.flatMap { try? JSONDecoder().decode(AlarmState.self, from: $0) }
        if var restored, (restored.phase == .firing) == (open != nil) {
            restored.policy = policy
            state = restored
            self.open = open
            return nil
        }
        return open.map { Self.cleared($0, span: nil, at: now) }
    }

    /// The state's bytes as the store keeps them.
    public var saved: Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // It holds finite numbers only, so it can be written; an empty state would only be read as none.
        return (try? encoder.encode(state)) ?? Data()
    }

    /// Takes in a scored window.
    ///
    /// - Parameters:
    ///   - makeID: names a new alarm.
    ///   - contributions: what each channel had to do with this window; asked for when an alarm is raised.
    /// - Returns: the event to commit, if an alarm was raised or has cleared.
    public mutating func handle(
        _ window: ScoredWindow, model: ModelVersion, at now: Timestamp, makeID: (Timestamp) -> ULID,
        contributions: () throws(DetectionError) -> [ChannelContribution]
    ) throws(DetectionError) -> AnomalyEvent? {
        switch state.handle(window) {
        case nil: return nil
        case .raised(let span):
            let event = AnomalyEvent(
                id: makeID(now), revision: 1, agent: agent, device: device, state: .firing,
                startedAt: span.startedAt, endedAt: span.endedAt, reportedAt: now, score: span.score,
                peakScore: span.peakScore, threshold: span.threshold, model: model,
                contributions: try contributions(), windows: span.windows)
            open = event
            return event
        case .cleared(let span):
            guard let raised = open else { return nil }
            open = nil
            return Self.cleared(raised, span: span, at: now)
        }
    }

    /// The second and last revision of an event.
    private static func cleared(_ raised: AnomalyEvent, span: AlarmSpan?, at now: Timestamp) -> AnomalyEvent {
        var event = raised
        event.revision += 1
        event.state = .cleared
        event.reportedAt = now
        if let span {
            event.endedAt = span.endedAt
            event.peakScore = span.peakScore
            event.windows = span.windows
        }
        return event
    }
}
