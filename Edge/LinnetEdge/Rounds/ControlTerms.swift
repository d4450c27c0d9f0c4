// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetNumerics

/// What a participant trains with where a round has control variates (SCAFFOLD).
public struct ControlTerms: Sendable, Equatable {
    /// The fleet's, as a file; `nil` while it is zero.
    public var fleet: Data?
    /// The agent's own, `[P]`; `nil` while it is zero.
    public var own: ParameterVector?

    public init(fleet: Data? = nil, own: ParameterVector? = nil) {
        self.fleet = fleet
        self.own = own
    }
}
