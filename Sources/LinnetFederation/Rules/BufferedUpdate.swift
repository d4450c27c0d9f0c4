// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// An update in the buffer of an asynchronous cohort, with the version it started from.
public struct BufferedUpdate: Sendable, Equatable {
    /// What the agent trained.
    public var contribution: Contribution
    /// The version the agent started from, `[P]`; not the current one, unless nothing happened since.
    public var base: ParameterVector
    /// How many versions have been made since, τ.
    public var staleness: Int

    public init(contribution: Contribution, base: ParameterVector, staleness: Int) {
        self.contribution = contribution
        self.base = base
        self.staleness = staleness
    }
}
