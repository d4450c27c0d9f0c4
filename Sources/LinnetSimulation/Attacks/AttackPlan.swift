// SPDX-License-Identifier: Apache-2.0

/// Which attack, and how many of the fleet take part.
public struct AttackPlan: Sendable, Equatable {
    public var kind: AttackKind
    /// Share of the agents that are malicious, above 0 and below 1.
    public var share: Double

    public init(_ kind: AttackKind, share: Double) {
        precondition(share > 0 && share < 1, "a share of malicious agents is above 0 and below 1, got \(share)")
        self.kind = kind
        self.share = share
    }
}
