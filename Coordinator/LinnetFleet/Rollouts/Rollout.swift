// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// Where a rollout stands.
public enum RolloutPhase: String, Codable, Sendable, Hashable, CaseIterable {
    /// It is planned; nothing has been said to anybody.
    case draft
    /// It is to start, and a second person must agree.
    case awaitingApproval
    /// It begins as soon as its time and a maintenance window allow.
    case scheduled
    /// Agents are reached stage by stage.
    case running
    /// No further stage begins until a person says so; what stops the rollout goes on being watched.
    case paused
    /// Every stage held what it asks for: the version is the cohort's.
    case succeeded
    /// A gate was broken, and the agents reached keep what they have.
    case failed
    /// A gate was broken, or a person wanted it: the fleet is told to go back.
    case rolledBack
    /// A newer release reached the whole cohort meanwhile.
    case superseded

    /// Whether agents may be told to run the version.
    public var isOpen: Bool { self == .running || self == .paused }

    public var isOver: Bool {
        switch self {
        case .succeeded, .failed, .rolledBack, .superseded: true
        case .draft, .awaitingApproval, .scheduled, .running, .paused: false
        }
    }
}

/// One version on its way to a cohort, as it is stored.
public struct Rollout: Codable, Sendable, Equatable {
    /// Given by the store.
    public var number: Int
    public var cohort: CohortID
    public var plan: RolloutPlan
    public var phase: RolloutPhase
    /// Counts up with every change: a change is only stored on top of the one that it was made from.
    public var revision: Int
    /// The release that is rolled out; its `release` is 0 until the first stage begins.
    public var manifest: ReleaseManifest
    /// What the fleet goes back to: the cohort's release when the first stage began, unless a person has named another.
    public var previous: ReleaseManifest?
    /// The stage that agents are reached up to, from 0 on; -1 before the first.
    public var stage: Int
    /// Since when the stage has held what it asks for; absent while it does not.
    public var heldSince: Timestamp?
    /// The last stage after which a person has let it go on.
    public var clearedStage: Int
    /// What it waits for, in one sentence.
    public var waitsFor: String?
    public var createdBy: String
    public var submittedBy: String?
    public var approvedBy: String?
    public var createdAt: Timestamp
    public var startedAt: Timestamp?
    public var endedAt: Timestamp?
    /// Why it ended as it did, or why it is paused.
    public var reason: String?

    public init(
        number: Int = 0, cohort: CohortID, plan: RolloutPlan, manifest: ReleaseManifest, createdBy: String,
        createdAt: Timestamp
    ) {
        self.number = number
        self.cohort = cohort
        self.plan = plan
        self.phase = .draft
        self.revision = 0
        self.manifest = manifest
        self.stage = -1
        self.clearedStage = -1
        self.createdBy = createdBy
        self.createdAt = createdAt
    }

    public var version: ModelVersion { manifest.model.version }

    /// What one agent is told: it waits from then on when it was told.
    func manifest(for target: RolloutTarget) -> ReleaseManifest {
        var manifest = manifest
        manifest.switchWhen = plan.switchRule?.condition(toldAt: target.assignedAt ?? manifest.releasedAt)
        return manifest
    }
}
