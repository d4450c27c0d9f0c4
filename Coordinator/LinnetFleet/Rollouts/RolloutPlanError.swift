// SPDX-License-Identifier: Apache-2.0

/// Why a plan is not taken.
public enum RolloutPlanError: Error, Sendable, Equatable, CustomStringConvertible {
    case notASize(String)
    case notAShare(String, found: String)
    case notATime(String, found: String)
    /// There is no stage, or there are too many.
    case stages(found: Int)
    /// A stage holds less than the one before it.
    case shrinking(stage: Int, size: StageSize, before: StageSize)
    /// The last stage leaves some out.
    case incomplete(StageSize)
    /// A number lies outside what it may be, or could never be met.
    case outside(String, found: String, allowed: String)
    /// A stage asks for more agents than there are.
    case tooFewAgents(stage: Int, size: StageSize, matching: Int)
    /// No agent is meant.
    case nobody(filter: String)
    /// More than one thing can not be.
    indirect case several([RolloutPlanError])

    /// All problems as one error; `nil` where there are none.
    public init?(_ problems: [RolloutPlanError]) {
        guard let first = problems.first else { return nil }
        self = problems.count == 1 ? first : .several(problems)
    }

    /// Each problem by itself.
    public var problems: [RolloutPlanError] { if case .several(let problems) = self { problems } else { [self] } }

    public var description: String {
        switch self {
        case .notASize(let found):
            "\"\(found)\" is no size of a stage: write a number of agents from 1 on, a share like 10%, or all"
        case .notAShare(let what, let found): "\(what): \"\(found)\" is no share; write 95% or 0.95, from 0 to 1"
        case .notATime(let what, let found):
            "\(what): \"\(found)\" is no time; write 2026-03-01T22:00:00Z"
        case .stages(let found): "the plan has \(found) stages; it needs 1 to \(RolloutPlan.maximumStages)"
        case .shrinking(let stage, let size, let before):
            "stage \(stage) holds \(size), the one before it \(before): sizes count all agents up to and with the stage"
        case .incomplete(let size): "the last stage holds \(size); it must hold all"
        case .outside(let what, let found, let allowed): "\(what) is \(found); it must be \(allowed)"
        case .tooFewAgents(let stage, let size, let matching):
            "stage \(stage) asks for \(size) agents, and \(matching) are meant: it could never be full"
        case .nobody(let filter): "no agent is meant by \(filter)"
        case .several(let problems): problems.map(\.description).joined(separator: "; ")
        }
    }
}
