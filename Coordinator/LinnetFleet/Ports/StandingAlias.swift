// SPDX-License-Identifier: Apache-2.0

/// The two names of versions that follow releases by themselves, in the same transaction; all others are people's.
public enum StandingAlias: String, Sendable, Hashable, CaseIterable {
    /// What the whole cohort was last told to run.
    case champion
    /// What is being rolled out; otherwise the newest version after the champion that somebody has trained and nobody has
    /// taken back.
    case candidate
}
