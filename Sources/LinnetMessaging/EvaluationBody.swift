// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// The body of an update in an evaluation round: how a version does on windows that its agent has trained nothing on.
public struct EvaluationBody: Codable, Sendable, Equatable, WireChecked {
    /// Held-back normal windows that were scored.
    public var windows: Int
    /// The mean of their scores.
    public var loss: Double
    /// How many of them scored above the threshold that the agent would give this version: false alarms, as far as an agent
    /// can tell.
    public var anomalous: Int

    /// Most bytes of its JSON.
    public static let maximumBytes = 4096

    public init(windows: Int, loss: Double, anomalous: Int) {
        self.windows = windows
        self.loss = loss
        self.anomalous = anomalous
    }

    public func check() throws(WireError) {
        guard (1...1_000_000_000).contains(windows) else {
            throw .notAllowed(field: "windows", found: "\(windows)", allowed: "1 to 1000000000")
        }
        guard (0...windows).contains(anomalous) else {
            throw .notAllowed(field: "anomalous", found: "\(anomalous)", allowed: "0 to \(windows), the windows")
        }
        guard loss.isFinite, loss >= 0 else {
            throw .notAllowed(field: "loss", found: "\(loss)", allowed: "0 or more")
        }
    }
}
