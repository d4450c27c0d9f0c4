// SPDX-License-Identifier: Apache-2.0

/// What a missing value is taken for.
public struct MissingValuePolicy: Sendable, Hashable, Codable {
    /// A channel's last value stands in for it, for at most so many samples in a row; after that the window is given up:
    /// a model must not be shown data that nobody measured.
    public var maximumHeldSamples: Int

    public init(maximumHeldSamples: Int = 3) { self.maximumHeldSamples = maximumHeldSamples }

    /// Holds the last value for at most `maximumSamples` samples in a row.
    public static func hold(_ maximumSamples: Int) -> MissingValuePolicy {
        MissingValuePolicy(maximumHeldSamples: maximumSamples)
    }
}
