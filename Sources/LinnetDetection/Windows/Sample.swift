// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// One reading of all channels of a device; a missing value is NaN.
public struct Sample: Sendable {
    public var time: Timestamp
    /// In the order of the source's channels, `[channels]`.
    public var values: [Float]
    /// Whether something was left out right before it, whatever the times say: a recording began again, or rows of it were
    /// skipped. No window holds this sample and the one before.
    public var followsGap: Bool

    public init(time: Timestamp, values: [Float], followsGap: Bool = false) {
        self.time = time
        self.values = values
        self.followsGap = followsGap
    }
}
