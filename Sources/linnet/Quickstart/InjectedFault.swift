// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// One fault that the demonstration lays into one device's readings.
package struct InjectedFault: Sendable, Equatable {
    package var agent: AgentID
    package var device: DeviceID
    package var kind: FaultKind
    /// The sensor at fault; none where the machine itself is.
    package var channel: String?
    /// From the start of the demonstration.
    package var startSeconds: Double
    package var durationSeconds: Double
    /// How strong it is; 1 is clear.
    package var severity: Double

    package init(
        agent: AgentID, device: DeviceID, kind: FaultKind, channel: String? = nil, startSeconds: Double,
        durationSeconds: Double, severity: Double = 1
    ) {
        self.agent = agent
        self.device = device
        self.kind = kind
        self.channel = channel
        self.startSeconds = startSeconds
        self.durationSeconds = durationSeconds
        self.severity = severity
    }

    package var endSeconds: Double { startSeconds + durationSeconds }

    /// What it is, for a person: `stuck flow`, `cavitation`.
    package var words: String {
        let name = kind.rawValue.reduce(into: "") { text, letter in
            text += letter.isUppercase ? " " + letter.lowercased() : String(letter)
        }
        return channel.map { "\(name) of \($0)" } ?? name
    }
}
