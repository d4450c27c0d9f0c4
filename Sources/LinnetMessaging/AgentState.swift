// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// What an agent says of one of its devices.
public struct DeviceState: Codable, Sendable, Equatable {
    public var id: DeviceID
    public var phase: AlarmPhase
    /// Score of the last window; absent before the first.
    public var score: Double?
    /// Level above which a window is anomalous; absent without a model.
    public var threshold: Double?
    /// Windows scored since the agent started.
    public var windows: Int
    /// Alarms raised since the agent was installed.
    public var alarms: Int
    /// Missing cells, gaps and samples thrown away since the agent started.
    public var missingCells: Int
    public var gaps: Int
    public var discardedSamples: Int
    /// When the alarm that fires was raised; absent while none does.
    public var alarmSince: Timestamp?
    /// What has drifted since the model was installed; absent if nothing has.
    public var drift: DriftSource?
    /// Whose weights the device scores with; absent without a released model.
    public var weights: WeightKind?

    public init(
        id: DeviceID, phase: AlarmPhase, score: Double? = nil, threshold: Double? = nil, windows: Int = 0,
        alarms: Int = 0, missingCells: Int = 0, gaps: Int = 0, discardedSamples: Int = 0,
        alarmSince: Timestamp? = nil, drift: DriftSource? = nil, weights: WeightKind? = nil
    ) {
        self.id = id
        self.phase = phase
        self.score = score
        self.threshold = threshold
        self.windows = windows
        self.alarms = alarms
        self.missingCells = missingCells
        self.gaps = gaps
        self.discardedSamples = discardedSamples
        self.alarmSince = alarmSince
        self.drift = drift
        self.weights = weights
    }
}

/// What an agent runs and how it is; retained, published on every change and every few seconds.
public struct AgentState: Codable, Sendable, Equatable, WireChecked {
    public var agent: AgentID
    /// Names this run of the agent.
    public var session: ULID
    public var software: String
    public var at: Timestamp
    public var cohort: CohortID
    public var contract: SignalContract
    public var devices: [DeviceState]
    /// The model that raises alarms; absent until the first has been learned.
    public var active: ModelVersion?
    /// The model to fall back to.
    public var previous: ModelVersion?
    /// The model under shadow or self-test.
    public var candidate: ModelVersion?
    /// Highest release this agent has acted on; older ones are refused.
    public var release: Int
    /// The release whose version is active and has passed its probation; absent while there is none.
    public var confirmed: Int?
    /// Where the agent's host stands, and what its operator calls it, for rollouts that are meant for some only.
    public var site: String?
    public var tags: [String]?
    /// Normal windows stored for training.
    public var trainingWindows: Int
    /// Events waiting for the coordinator's acknowledgement, and events that the outbox had to drop.
    public var outboxDepth: Int
    public var outboxDropped: Int
    /// Resident memory of the agent's process, in bytes.
    public var residentBytes: Int
    /// Why this agent takes part in no round now; absent if it does.
    public var sitsOut: String?
    /// The kinds of rounds that the agent can answer, by ``RoundKind``'s names; absent for statistics and training.
    public var answers: [String]?
    /// What the agent has refused since it started, how often, by name; absent while that is nothing.
    public var refused: [String: Int]?
    /// Sent back in the next ``Acknowledgement``: proof that messages pass in both directions.
    public var echo: String

    public init(
        agent: AgentID, session: ULID, software: String, at: Timestamp, cohort: CohortID, contract: SignalContract,
        devices: [DeviceState], active: ModelVersion?, previous: ModelVersion?, candidate: ModelVersion?, release: Int,
        confirmed: Int? = nil, site: String? = nil, tags: [String]? = nil, trainingWindows: Int, outboxDepth: Int,
        outboxDropped: Int, residentBytes: Int, sitsOut: String? = nil, answers: [String]? = nil,
        refused: [String: Int]? = nil, echo: String
    ) {
        self.agent = agent
        self.session = session
        self.software = software
        self.at = at
        self.cohort = cohort
        self.contract = contract
        self.devices = devices
        self.active = active
        self.previous = previous
        self.candidate = candidate
        self.release = release
        self.confirmed = confirmed
        self.site = site
        self.tags = tags
        self.trainingWindows = trainingWindows
        self.outboxDepth = outboxDepth
        self.outboxDropped = outboxDropped
        self.residentBytes = residentBytes
        self.sitsOut = sitsOut
        self.answers = answers
        self.refused = refused
        self.echo = echo
    }

    /// Whether the agent knows what to do in such a round.
    public func canAnswer(_ kind: RoundKind) -> Bool {
        answers?.contains(kind.rawValue) ?? (kind != .evaluation)
    }

    /// Most names that refusals are counted under.
    public static let maximumRefusals = 64
    /// Most tags, with the site.
    public static let maximumWords = 33

    public func check() throws(WireError) {
        guard (1...4096).contains(contract.channels.count), (1...100_000).contains(contract.windowLength),
            contract.intervalMilliseconds > 0, (contract.inputWidth ?? .max) <= 65_536
        else {
            throw .notAllowed(
                field: "contract", found: "\(contract.channels.count) channels, window \(contract.windowLength)",
                allowed: "1 to 4096 channels, and at most 65536 numbers in a window")
        }
        for channel in contract.channels where !Self.isName(channel.name) || !Self.isUnit(channel.unit) {
            throw .notAllowed(
                field: "contract.channels",
                found: "a name or unit of \(channel.name.utf8.count) bytes or with a line break",
                allowed: "1 to 256 bytes without control characters")
        }
        guard Set(contract.channels.map(\.name)).count == contract.channels.count else {
            throw .notAllowed(field: "contract.channels", found: "one name twice", allowed: "each name once")
        }
        guard cohort == CohortID(of: contract) else {
            throw .notAllowed(field: "cohort", found: "\(cohort)", allowed: "\(CohortID(of: contract)), its contract's")
        }
        guard devices.count <= 256 else {
            throw .notAllowed(field: "devices", found: "\(devices.count)", allowed: "at most 256")
        }
        if let sitsOut, !Self.isUnit(sitsOut) {
            throw .notAllowed(
                field: "sitsOut", found: "\(sitsOut.utf8.count) bytes",
                allowed: "at most 256 bytes without control characters")
        }
        guard trainingWindows >= 0, outboxDepth >= 0, outboxDropped >= 0, release >= 0,
            confirmed ?? 0 >= 0
        else { throw .notAllowed(field: "counters", found: "a negative one", allowed: "0 or more") }
        guard (answers ?? []).count <= 16, (answers ?? []).allSatisfy(Self.isName) else {
            throw .notAllowed(field: "answers", found: "\(answers?.count ?? 0) kinds", allowed: "at most 16 names")
        }
        if let refused {
            guard refused.count <= Self.maximumRefusals,
                refused.allSatisfy({ Self.isName($0.key) && $0.key.utf8.count <= 64 && $0.value > 0 })
            else {
                throw .notAllowed(
                    field: "refused", found: "\(refused.count) names, or one that is too long, or a count below 1",
                    allowed: "at most \(Self.maximumRefusals) names of at most 64 bytes")
            }
        }
        let words = (tags ?? []) + (site.map { [$0] } ?? [])
        guard words.count <= Self.maximumWords, words.allSatisfy(Self.isName) else {
            throw .notAllowed(
                field: "tags", found: "\(words.count) words, or one that is too long",
                allowed: "at most \(Self.maximumWords) with the site, each 1 to 256 bytes without control characters")
        }
    }

    // A line break in a name could make two contracts read the same, and so share a cohort.
    private static func isName(_ text: String) -> Bool { !text.isEmpty && isUnit(text) }

    private static func isUnit(_ text: String) -> Bool {
        text.utf8.count <= 256 && text.utf8.allSatisfy { $0 >= 32 && $0 != 127 }
    }
}
