// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Tells a cohort which version to run; retained and signed by the coordinator.
public struct ReleaseManifest: SignedPayload, Equatable {
    public static let payloadType = "application/vnd.linnet.release.v1+json"
    public static let isClosed = true

    public var cohort: CohortID
    /// Counts up within the cohort; an agent refuses one that is not above the last it acted on, so an old manifest can
    /// not be replayed. Going back to an older version is a newer release.
    public var release: Int
    public var model: ModelReference
    /// The version that this one was trained from.
    public var parent: Digest?
    /// The round that made it, and how many took part; both 0 where somebody brought it in. A version without provenance
    /// is refused.
    public var round: Int
    public var participants: Int
    /// Who brought it in, where no round of this fleet made it.
    public var origin: String?
    /// Live windows a device scores beside its active model before it may switch.
    public var shadowWindows: Int
    /// The version that this release takes back. An agent that still holds the model of this release goes back to it at
    /// once, for it ran there before; a candidate that is taken back is not tried any further.
    public var reverts: Digest?
    /// What a device waits for between its trials and the switch; absent where it switches at once.
    public var switchWhen: SwitchCondition?
    public var releasedAt: Timestamp
    /// From then on nobody may begin with it any more: a broker can not keep an agent on what was released long ago. Absent
    /// where it does not end.
    public var expiresAt: Timestamp?

    /// Which of the cohort's lineages the version is of; absent where there is only one.
    public var lineage: Int?

    public init(
        cohort: CohortID, release: Int, model: ModelReference, parent: Digest?, round: Int, participants: Int,
        origin: String? = nil, shadowWindows: Int, reverts: Digest? = nil, switchWhen: SwitchCondition? = nil,
        releasedAt: Timestamp, expiresAt: Timestamp? = nil, lineage: Int? = nil
    ) {
        self.cohort = cohort
        self.release = release
        self.model = model
        self.parent = parent
        self.round = round
        self.participants = participants
        self.origin = origin
        self.shadowWindows = shadowWindows
        self.reverts = reverts
        self.switchWhen = switchWhen
        self.releasedAt = releasedAt
        self.expiresAt = expiresAt
        self.lineage = lineage
    }

    public func check() throws(WireError) {
        try model.check()
        guard release > 0 else { throw .notAllowed(field: "release", found: "\(release)", allowed: "1 or more") }
        guard round >= 0, participants >= 0 else {
            throw .notAllowed(
                field: "provenance", found: "round \(round), \(participants) participants", allowed: "0 or more of both"
            )
        }
        guard round > 0 && participants > 0 || origin?.isEmpty == false else {
            throw .notAllowed(
                field: "provenance", found: "round \(round), \(participants) participants, and no origin",
                allowed: "1 or more of both, or who brought it in")
        }
        if let lineage, !(0...RoundOffer.maximumLineages).contains(lineage) {
            throw .notAllowed(
                field: "lineage", found: "\(lineage)", allowed: "0 to \(RoundOffer.maximumLineages), or absent")
        }
        guard (0...1_000_000).contains(shadowWindows) else {
            throw .notAllowed(field: "shadowWindows", found: "\(shadowWindows)", allowed: "0 to 1000000")
        }
        guard reverts != model.version.digest else {
            throw .notAllowed(field: "reverts", found: "the released version itself", allowed: "another one, or none")
        }
        try switchWhen?.check()
    }
}
