// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// What a person asks to be rolled out: the body of `POST /api/v1/rollouts`.
public struct RolloutRequest: Codable, Sendable, Equatable {
    /// May be left out where there is one cohort only.
    public var cohort: CohortID?
    /// A number, an alias, or the beginning of a digest.
    public var version: String
    /// The coordinator's standing plan where it is left out.
    public var plan: RolloutPlan?

    public init(cohort: CohortID? = nil, version: String, plan: RolloutPlan? = nil) {
        self.cohort = cohort
        self.version = version
        self.plan = plan
    }
}

/// What a person asks of a rollout: the body of `POST /api/v1/rollouts/7/pause` and its like.
public struct RolloutWish: Codable, Sendable, Equatable {
    /// One sentence for the audit log.
    public var why: String
    /// The version to go back to, where it is not that of the release before: a number, an alias, or the beginning of a
    /// digest; for a rollback only.
    public var to: String?

    public init(why: String, to: String? = nil) {
        self.why = why
        self.to = to
    }
}

/// Why a request is not carried out.
public enum RolloutRequestError: Error, Sendable, CustomStringConvertible {
    case plan(RolloutPlanError)
    case refused(RolloutRefusal)
    case unknownRollout(Int)
    case unknownCohort(CohortID?, known: [CohortID])
    /// No version, or more than one, is meant.
    case version(String, cohort: CohortID, found: Int)
    /// A version that no round of updates has made: its weights are untrained.
    case untrained(ModelVersion)
    /// What was brought in is none, or not for the cohort.
    case notAModel(String)
    /// A model of other signals than the cohort's.
    case otherSignals(String, found: SignalContract, cohort: CohortID, expected: SignalContract)
    /// A model of another fleet's cohort, whose name says that it has other signals.
    case otherCohort(CohortID, cohort: CohortID, expected: SignalContract)
    /// A version was named for something that goes to none.
    case goesNowhere(RolloutCommand)
    /// A version to go back to that is not older.
    case notOlder(ModelVersion, than: ModelVersion)
    /// A reason of nothing, or of too much.
    case reason(bytes: Int)
    /// Somebody else, or the clock, was faster.
    case changedMeanwhile
    /// A name that could be a number or a digest, or has characters that no name has.
    case alias(String)

    public var description: String {
        switch self {
        case .plan(let error): "\(error)"
        case .refused(let refusal): "\(refusal)"
        case .unknownRollout(let number): "there is no rollout \(number)"
        case .unknownCohort(let cohort, let known):
            "\(cohort.map { "there is no cohort \($0)" } ?? "name a cohort"); known: "
                + (known.isEmpty ? "none yet" : known.map(\.rawValue).joined(separator: ", "))
        case .version(let name, let cohort, let found):
            "\"\(name.prefix(80))\" means \(found) versions of cohort \(cohort); give a number, an alias, or eight digits or "
                + "more of a digest"
        case .untrained(let version):
            "version \(version) holds untrained weights; roll out one that a training round made"
        case .notAModel(let reason): "not taken: \(reason)"
        case .otherSignals(let reason, let found, let cohort, let expected):
            "not taken: \(reason). The file is of \(found); cohort \(cohort) is of \(expected)"
        case .otherCohort(let found, let cohort, let expected):
            "not taken: the file is of cohort \(found), which has other signals; cohort \(cohort) is of \(expected)"
        case .goesNowhere(let command): "\"to\" is for a rollback; \(command.rawValue) goes to no other version"
        case .notOlder(let version, let than):
            "version \(version) is not older than \(than); a rollback goes to an older version, a rollout to any"
        case .reason(let bytes): "the reason has \(bytes) bytes; it has 1 to 400"
        case .changedMeanwhile: "somebody was faster; look at how it stands, and ask again"
        case .alias(let name):
            "\"\(name.prefix(80))\" is no alias: it is 1 to 64 of A-Z a-z 0-9 . _ -, begins with a letter, and is no "
                + "hexadecimal number"
        }
    }
}

/// What a name is to mean: the body of `PUT /api/v1/aliases/champion`.
public struct AliasRequest: Codable, Sendable, Equatable {
    /// May be left out where there is one cohort only.
    public var cohort: CohortID?
    /// A number, another alias, or the beginning of a digest.
    public var version: String

    public init(cohort: CohortID? = nil, version: String) {
        self.cohort = cohort
        self.version = version
    }
}
