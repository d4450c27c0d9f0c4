// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// How a participant is to train.
public struct ClientSettings: Codable, Sendable, Hashable {
    public var epochs: Int
    public var batchSize: Int
    public var learningRate: Double
    /// Weight of FedProx's proximal term; 0 leaves it out (Li et al. 2020, equation 2).
    public var proximalMu: Double
    /// Most wall-clock seconds a participant may train.
    public var maximumSeconds: Int
    /// Newest windows to train on, at most.
    public var maximumWindows: Int
    /// How a participant writes its weights down.
    public var updateEncoding: UpdateEncoding
    /// Whether an answer is still of use once the round is over, so that a participant goes on and sends it.
    public var acceptsLateUpdates: Bool
    /// Whether the distribution of scores is wanted beside the weights, for thresholds of new devices.
    public var wantsScores: Bool
    /// Whether a participant trains by plain gradient descent with control variates (SCAFFOLD), and sends the change of its
    /// own beside the weights.
    public var controlVariates: Bool
    /// The parts of the model that stay with each agent, by name: `last`, `encoder`, `decoder` or a layer's, `layers.0` on.
    /// A participant trains them too, and sends the base's in their places.
    public var localLayers: [String]

    public init(
        epochs: Int = 5, batchSize: Int = 32, learningRate: Double = 1e-3, proximalMu: Double = 0,
        maximumSeconds: Int = 60, maximumWindows: Int = 20_000, updateEncoding: UpdateEncoding = .delta16,
        acceptsLateUpdates: Bool = false, wantsScores: Bool = false, controlVariates: Bool = false,
        localLayers: [String] = []
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.learningRate = learningRate
        self.proximalMu = proximalMu
        self.maximumSeconds = maximumSeconds
        self.maximumWindows = maximumWindows
        self.updateEncoding = updateEncoding
        self.acceptsLateUpdates = acceptsLateUpdates
        self.wantsScores = wantsScores
        self.controlVariates = controlVariates
        self.localLayers = localLayers
    }

    /// Reads settings; what older coordinators did not say takes the meaning it had for them.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        epochs = try container.decode(Int.self, forKey: .epochs)
        batchSize = try container.decode(Int.self, forKey: .batchSize)
        learningRate = try container.decode(Double.self, forKey: .learningRate)
        proximalMu = try container.decode(Double.self, forKey: .proximalMu)
        maximumSeconds = try container.decode(Int.self, forKey: .maximumSeconds)
        maximumWindows = try container.decode(Int.self, forKey: .maximumWindows)
        updateEncoding = try container.decodeIfPresent(UpdateEncoding.self, forKey: .updateEncoding) ?? .full
        acceptsLateUpdates = try container.decodeIfPresent(Bool.self, forKey: .acceptsLateUpdates) ?? false
        wantsScores = try container.decodeIfPresent(Bool.self, forKey: .wantsScores) ?? false
        controlVariates = try container.decodeIfPresent(Bool.self, forKey: .controlVariates) ?? false
        localLayers = try container.decodeIfPresent([String].self, forKey: .localLayers) ?? []
    }

    /// - Throws: ``WireError`` naming the first setting outside its range.
    public func check() throws(WireError) {
        func within(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws(WireError) {
            guard range.contains(value) else {
                throw .notAllowed(
                    field: field, found: "\(value)", allowed: "\(range.lowerBound) to \(range.upperBound)")
            }
        }
        try within("epochs", epochs, 1...1000)
        try within("batchSize", batchSize, 1...65_536)
        try within("maximumSeconds", maximumSeconds, 1...86_400)
        try within("maximumWindows", maximumWindows, 1...10_000_000)
        guard learningRate.isFinite, learningRate > 0, learningRate <= 10 else {
            throw .notAllowed(field: "learningRate", found: "\(learningRate)", allowed: "above 0, at most 10")
        }
        guard updateEncoding.isValid else {
            throw .notAllowed(
                field: "updateEncoding", found: "\(updateEncoding)", allowed: "a share above 0, at most 1")
        }
        guard proximalMu.isFinite, (0...1000).contains(proximalMu) else {
            throw .notAllowed(field: "proximalMu", found: "\(proximalMu)", allowed: "0 to 1000")
        }
        guard localLayers.count <= Self.maximumLocalLayers, localLayers.allSatisfy(Self.isPart) else {
            throw .notAllowed(
                field: "localLayers", found: "\(localLayers.count) names, or one that is none of a layer",
                allowed: "at most \(Self.maximumLocalLayers) names of 1 to 64 letters, digits and dots")
        }
    }

    /// Most parts that can be named as local.
    public static let maximumLocalLayers = 16

    /// Whether a text can be the name of a part of a model.
    public static func isPart(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".")
            }
    }
}

/// A model file that can be asked for.
public struct ModelReference: Codable, Sendable, Hashable {
    public var version: ModelVersion
    public var plan: ChunkPlan

    public init(version: ModelVersion, plan: ChunkPlan) {
        self.version = version
        self.plan = plan
    }

    func check() throws(WireError) {
        try plan.check()
        guard plan.digest == version.digest else {
            throw .notAllowed(field: "plan.digest", found: plan.digest.short, allowed: version.digest.short)
        }
        guard version.number > 0 else {
            throw .notAllowed(field: "version.number", found: "\(version.number)", allowed: "1 or more")
        }
    }
}

/// Invites a cohort to take part in a round; retained and signed by the coordinator.
///
/// When the round ends, the retained offer is replaced by one with `isOpen` false.
public struct RoundOffer: SignedPayload, Equatable {
    public static let payloadType = "application/vnd.linnet.round-offer.v1+json"

    public var cohort: CohortID
    /// Counts up over all cohorts of the coordinator.
    public var round: Int
    public var kind: RoundKind
    public var isOpen: Bool
    /// The version to train from, or to evaluate; absent in a statistics round.
    public var base: ModelReference?
    /// The newest versions of the cohort's other lineages: a participant trains the one that explains its own windows best.
    /// Absent where there is only one.
    public var lineages: [ModelReference]?
    /// The file of the fleet's control variate, where there are control variates; absent while it is zero.
    public var control: ChunkPlan?
    public var settings: ClientSettings
    /// Who is asked. An agent that is not named sits this round out.
    public var participants: [AgentID]
    public var openedAt: Timestamp
    public var deadline: Timestamp
    /// Over how long participants spread their beginnings, each at its own moment; absent where all begin at once.
    public var spreadMilliseconds: Int?
    /// When the cohort's next training round opens at the earliest; a participant does not train before. Absent where the
    /// coordinator does not say.
    public var nextAt: Timestamp?

    /// The longest time from one round's beginning to the next, in days.
    public static let maximumPauseDays: Int64 = 32

    public init(
        cohort: CohortID, round: Int, kind: RoundKind, isOpen: Bool, base: ModelReference?,
        lineages: [ModelReference]? = nil, control: ChunkPlan? = nil, settings: ClientSettings,
        participants: [AgentID], openedAt: Timestamp, deadline: Timestamp, spreadMilliseconds: Int? = nil,
        nextAt: Timestamp? = nil
    ) {
        self.cohort = cohort
        self.round = round
        self.kind = kind
        self.isOpen = isOpen
        self.base = base
        self.lineages = lineages
        self.control = control
        self.settings = settings
        self.participants = participants
        self.openedAt = openedAt
        self.deadline = deadline
        self.spreadMilliseconds = spreadMilliseconds
        self.nextAt = nextAt
    }

    /// All versions that may be trained from, by the number of their lineage; empty in a statistics round.
    public var bases: [ModelReference] { (base.map { [$0] } ?? []) + (lineages ?? []) }

    /// Most lineages beside the first.
    public static let maximumLineages = 7

    public func check() throws(WireError) {
        guard round > 0 else { throw .notAllowed(field: "round", found: "\(round)", allowed: "1 or more") }
        guard (kind == .statistics) == (base == nil) else {
            throw .notAllowed(
                field: "base", found: base == nil ? "absent" : "present", allowed: "present but in statistics rounds")
        }
        try base?.check()
        if let lineages {
            guard kind == .training, (1...Self.maximumLineages).contains(lineages.count),
                Set(bases.map(\.version.digest)).count == bases.count
            else {
                throw .notAllowed(
                    field: "lineages", found: "\(lineages.count) versions in a \(kind.rawValue) round",
                    allowed: "1 to \(Self.maximumLineages), all different, in training rounds only")
            }
            for lineage in lineages { try lineage.check() }
        }
        try control?.check()
        guard control == nil || settings.controlVariates && kind == .training else {
            throw .notAllowed(
                field: "control", found: "present", allowed: "present in training rounds with control variates only")
        }
        try settings.check()
        if let spread = spreadMilliseconds, !(0...86_400_000).contains(spread) {
            throw .notAllowed(field: "spreadMilliseconds", found: "\(spread)", allowed: "0 to 86400000")
        }
        if let nextAt, nextAt.milliseconds(since: openedAt) > Self.maximumPauseDays * 86_400_000 {
            throw .notAllowed(
                field: "nextAt", found: "\(nextAt)",
                allowed: "at most \(Self.maximumPauseDays) days after \(openedAt), when the round was opened")
        }
    }
}
