// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// One reading of all channels of a device; a missing value is NaN.
public struct Sample: Sendable {
    public var time: Timestamp
    /// In the order of the source's channels, `[channels]`.
    public var values: [Float]

    public init(time: Timestamp, values: [Float]) {
        self.time = time
        self.values = values
    }
}
