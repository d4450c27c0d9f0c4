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
    /// Mean reconstruction error on its own held-out windows before and after training, as it says.
    public var lossBefore: Double
    public var lossAfter: Double

    public init(
        agent: AgentID, parameters: ParameterVector, windows: Int, lossBefore: Double = 0, lossAfter: Double = 0
    ) {
        self.agent = agent
        self.parameters = parameters
        self.windows = windows
        self.lossBefore = lossBefore
        self.lossAfter = lossAfter
    }
}
