// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// What becomes of a version that a training round has made.
public enum ReleasePolicy: String, Codable, Sendable, Hashable, CaseIterable {
    /// It goes to its whole cohort at once; the devices' own trials are all that stands before it.
    case immediate
    /// Nothing, until a person plans a rollout.
    case manual
    /// A rollout by the standing plan starts by itself.
    case automatic
    /// As `automatic`, but after the first stage a person must let it go on.
    case automaticToStage1 = "automatic-to-stage-1"

    /// Who is said to have planned what starts by itself.
    public static let name = "policy"

    /// The plan of a rollout that starts by itself; `nil` where none does.
    public func plan(_ standing: RolloutPlan) -> RolloutPlan? {
        switch self {
        case .immediate, .manual: return nil
        case .automatic: return standing
        case .automaticToStage1:
            var plan = standing
            if !plan.stages.isEmpty { plan.stages[0].isFollowedByPause = true }
            return plan
        }
    }
}
