// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// One anomaly event as the coordinator's store holds it.
package struct StoredEvent: Sendable, Equatable {
    package var id: String
    package var agent: AgentID
    package var device: DeviceID
    /// When it was seen, in seconds from the start of the demonstration; an event that still fires ends with the run.
    package var seconds: ClosedRange<Double>
    /// When its alarm was raised, in the same seconds.
    package var raisedSeconds: Double
    package var channel: String?

    package init(
        id: String, agent: AgentID, device: DeviceID, seconds: ClosedRange<Double>, raisedSeconds: Double? = nil,
        channel: String? = nil
    ) {
        self.id = id
        self.agent = agent
        self.device = device
        self.seconds = seconds
        self.raisedSeconds = raisedSeconds ?? seconds.lowerBound
        self.channel = channel
    }
}

/// One alarm as an agent's own ledger holds it.
package struct RaisedAlarm: Sendable, Equatable {
    package var id: String
    package var agent: AgentID
    package var device: DeviceID
    /// Whether the agent still holds it in its outbox: not delivered, and not lost.
    package var isWaiting: Bool

    package init(id: String, agent: AgentID, device: DeviceID, isWaiting: Bool = false) {
        self.id = id
        self.agent = agent
        self.device = device
        self.isWaiting = isWaiting
    }
}

/// All that a run has left behind, and that its verdict is made of.
package struct RunFacts: Sendable {
    /// Committed training rounds of the main cohort.
    package var rounds = 0
    /// Newest released version of the main cohort.
    package var modelVersion: Int?
    package var agents = 0
    /// Agents that run the newest released version of their cohort.
    package var agentsOnVersion = 0
    package var firstLoss: Double?
    package var lastLoss: Double?
    /// Every fault of the schedule that began.
    package var injected: [InjectedFault] = []
    /// Those that had time to be found; the others are not held against the fleet.
    package var judged: [InjectedFault] = []
    /// Rows of the coordinator's event table.
    package var stored: [StoredEvent] = []
    /// Rows of all agents' ledgers.
    package var raised: [RaisedAlarm] = []
    /// Processes that do not run any more, in words.
    package var casualties: [String] = []

    package init() {}
}
