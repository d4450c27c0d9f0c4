// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// An agent's windows as a network reads them; good for every version of one scaler.
public struct StandardizedRows: Sendable, Equatable {
    public let scaler: ChannelScaler
    /// `[windows, inputWidth]`; the newest of each device come last.
    public let matrix: Matrix
    /// How many windows they were made of.
    public let windows: Int
}
