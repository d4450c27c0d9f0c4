// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// What one participant brings to a training round, after its update has been screened.
public struct Contribution: Sendable, Equatable {
    public var agent: AgentID
    /// The weights it trained, `[P]`; the whole model, not the difference from the base.
    public var parameters: ParameterVector
    /// Windows it says it trained on: a claim, which every rule has to cap.
    public var windows: Int
    /// How many versions have been made since the one it started from; 0 in a round that takes nothing else.
    public var staleness: Int
    /// Mean reconstruction error on its own held-out windows before and after training, as it says.
    public var lossBefore: Double
    public var lossAfter: Double

    public init(
        agent: AgentID, parameters: ParameterVector, windows: Int, staleness: Int = 0, lossBefore: Double = 0,
        lossAfter: Double = 0
    ) {
        self.agent = agent
        self.parameters = parameters
        self.windows = windows
        self.staleness = staleness
        self.lossBefore = lossBefore
        self.lossAfter = lossAfter
    }
}
