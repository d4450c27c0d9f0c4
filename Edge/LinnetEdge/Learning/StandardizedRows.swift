// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// An agent's windows as a network reads them; good for every version of one scale.
public struct StandardizedRows: Sendable, Equatable {
    /// The versions' scale of each channel, `[channels]`.
    public let scale: [Float]
    /// `[windows, inputWidth]`; the newest of each device come last.
    public let matrix: Matrix
    /// How many windows they were made of.
    public let windows: Int
}
