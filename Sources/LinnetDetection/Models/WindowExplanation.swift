// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// What a window's channels and samples had to do with its score.
public struct WindowExplanation: Sendable, Hashable {
    public var method: AttributionMethod
    /// Largest share first.
    public var channels: [ChannelContribution]
    /// The share of each sample, oldest first, `[length]`; their sum is 1, or 0 if nothing raised the score.
    public var lags: [Double]
    /// What each channel adds to the score, in the order of the contract, `[channels]`: with ``AttributionMethod/error``
    /// they sum up to the score, with the others to its difference from that of normal windows.
    public var amounts: [Double]
}
