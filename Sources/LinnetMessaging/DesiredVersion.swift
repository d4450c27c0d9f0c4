// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Tells one agent which version to run before the rest of its cohort does; retained and signed by the coordinator.
///
/// It holds a whole manifest, under the same counter as the cohort's releases, so that an agent treats both alike: the one
/// with the higher number is what to run. Once a rollout is over the retained order is taken away.
public struct DesiredVersion: SignedPayload, Equatable {
    public static let payloadType = "application/vnd.linnet.desired.v1+json"
    public static let isClosed = true

    /// Whom it is for: an order that is passed on to another agent is refused there.
    public var agent: AgentID
    /// The rollout that it is a step of; 0 where it is the version of the agent's lineage.
    public var rollout: Int
    public var manifest: ReleaseManifest

    public init(agent: AgentID, rollout: Int, manifest: ReleaseManifest) {
        self.agent = agent
        self.rollout = rollout
        self.manifest = manifest
    }

    public func check() throws(WireError) {
        guard rollout >= 0 else { throw .notAllowed(field: "rollout", found: "\(rollout)", allowed: "0 or more") }
        try manifest.check()
    }

    /// The manifest, for the agent that it is meant for.
    ///
    /// - Throws: ``WireError`` for any other.
    public func manifest(for agent: AgentID) throws(WireError) -> ReleaseManifest {
        guard agent == self.agent else {
            throw .notAllowed(field: "agent", found: "\(self.agent)", allowed: "\(agent), this agent")
        }
        return manifest
    }
}
