// SPDX-License-Identifier: Apache-2.0

/// Which numbers of a channel its center and scale are.
public enum ScalingRule: String, Sendable, Codable, Hashable, CaseIterable {
    /// The usual level and the standard deviation around it.
    case standard
    /// The median, and the distance between the quartiles in units of a normal distribution's deviation: a quarter of all
    /// values may be astray.
    case robust
    /// The middle between least and greatest value, and half of what lies between: from -1 to 1 goes what was seen. One odd
    /// value sets it.
    case minMax = "min-max"
}
