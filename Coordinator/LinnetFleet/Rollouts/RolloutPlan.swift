// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// One step of a plan: whom it holds, and what must hold before the next.
///
/// The shares are of the agents that the rollout has reached up to and with this stage.
public struct RolloutStage: Codable, Sendable, Equatable {
    public var size: StageSize
    /// How long the stage must go on holding what it asks for before the next one begins.
    public var soakSeconds: Int
    /// Share of agents that must have confirmed the version and kept the behaviour limits; above 0.
    public var successShare: Double
    /// Above this share of failed agents the rollout ends; below 1.
    public var errorShare: Double
    /// Above this share of silent agents the stage holds, whatever the others say; below 1.
    public var silentShare: Double
    /// Whether a person must let the rollout go on after this stage.
    public var isFollowedByPause: Bool

    public init(
        size: StageSize, soakSeconds: Int = 600, successShare: Double = 0.9, errorShare: Double = 0.05,
        silentShare: Double = 0.2, isFollowedByPause: Bool = false
    ) {
        self.size = size
        self.soakSeconds = soakSeconds
        self.successShare = successShare
        self.errorShare = errorShare
        self.silentShare = silentShare
        self.isFollowedByPause = isFollowedByPause
    }
}

/// How a version reaches a cohort: in which steps, and what stops it.
///
///     let plan = RolloutPlan(stages: [RolloutStage(size: .count(1)), RolloutStage(size: .all)])
///     try plan.check()
///
/// It is checked as a whole when it is made: a number that could never trip a guard, or never be met, is an error then, and
/// not a guard that is silently off.
public struct RolloutPlan: Codable, Sendable, Equatable {
    public static let maximumStages = 50

    public var filter: TargetFilter
    public var stages: [RolloutStage]
    public var limits: BehaviourLimits
    /// Live windows a device scores with the version beside its active one.
    public var shadowWindows: Int
    /// An agent that has not come to an end so long after it was reached counts as silent.
    public var timeoutSeconds: Int
    /// Stages begin only in one of these; in none means at any time.
    public var windows: [MaintenanceWindow]
    /// What a device waits for between its trials and the switch; absent where the plan is forced: it switches at once.
    public var switchRule: SwitchRule?
    /// Not before this.
    public var startAt: Timestamp?
    /// Whether a second person must agree before it starts.
    public var needsApproval: Bool
    /// Whether an agent whose measurements are missing counts as no success yet.
    public var holdsWithoutData: Bool
    /// Alarms an hour that the version may raise on all agents together; more ends the rollout.
    public var alarmsPerHour: Double?
    /// Whether the fleet goes back when the rollout fails; otherwise it only stops.
    public var goesBackOnFailure: Bool

    public init(
        filter: TargetFilter = TargetFilter(), stages: [RolloutStage], limits: BehaviourLimits = BehaviourLimits(),
        shadowWindows: Int = 100, timeoutSeconds: Int = 3600, windows: [MaintenanceWindow] = [],
        switchRule: SwitchRule? = nil, startAt: Timestamp? = nil, needsApproval: Bool = false,
        holdsWithoutData: Bool = true,
        alarmsPerHour: Double? = nil, goesBackOnFailure: Bool = true
    ) {
        self.filter = filter
        self.stages = stages
        self.limits = limits
        self.shadowWindows = shadowWindows
        self.timeoutSeconds = timeoutSeconds
        self.windows = windows
        self.switchRule = switchRule
        self.startAt = startAt
        self.needsApproval = needsApproval
        self.holdsWithoutData = holdsWithoutData
        self.alarmsPerHour = alarmsPerHour
        self.goesBackOnFailure = goesBackOnFailure
    }

    /// One agent, a tenth, half, all.
    public static let standard = RolloutPlan(
        stages: [StageSize.count(1), .share(0.1), .share(0.5), .all].map { RolloutStage(size: $0) })

    /// Distributes agents over the stages.
    ///
    /// - Parameter agents: in the order in which they are to be reached.
    /// - Returns: for each agent the stage that reaches it, from 0 on. A stage that adds nobody is passed over.
    /// - Throws: ``RolloutPlanError`` if nobody is meant, or a stage asks for more than there are.
    public func stages(of agents: [AgentID]) throws(RolloutPlanError) -> [(agent: AgentID, stage: Int)] {
        guard !agents.isEmpty else { throw .nobody(filter: "\(filter)") }
        var result: [(agent: AgentID, stage: Int)] = []
        for (index, stage) in stages.enumerated() {
            if case .count(let count) = stage.size, count > agents.count {
                throw .tooFewAgents(stage: index + 1, size: stage.size, matching: agents.count)
            }
            let until = stage.size.agents(of: agents.count)
            while result.count < until { result.append((agents[result.count], index)) }
        }
        return result
    }

    /// Whether a stage may begin.
    public func isOpen(at time: Timestamp) -> Bool { windows.isEmpty || windows.contains { $0.isOpen(at: time) } }
}
