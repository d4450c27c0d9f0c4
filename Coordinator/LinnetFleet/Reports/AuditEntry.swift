// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// One line of the audit log: who did what to what, and why.
public struct AuditEntry: Codable, Sendable, Equatable {
    public var row: Int64
    public var at: Timestamp
    /// `coordinator`, or the agent that caused it.
    public var actor: String
    /// A fixed word, such as `round.opened` or `update.refused`.
    public var action: String
    /// What it was done to, such as `round 7`.
    public var subject: String
    /// One sentence, with the evidence.
    public var reason: String

    public init(row: Int64, at: Timestamp, actor: String, action: String, subject: String, reason: String) {
        self.row = row
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.reason = reason
    }
}

/// The answer of `GET /api/v1/audit`.
public struct AuditPage: Codable, Sendable, Equatable {
    /// In order of their rows.
    public var audit: [AuditEntry]

    public init(audit: [AuditEntry]) { self.audit = audit }
}
