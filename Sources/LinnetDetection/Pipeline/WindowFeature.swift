// SPDX-License-Identifier: Apache-2.0

/// What a window can be summed up in, channel by channel.
public enum WindowFeature: String, Sendable, Codable, Hashable, CaseIterable {
    /// The mean.
    case mean
    /// The standard deviation.
    case spread
    /// The change over the window, of the straight line that fits it best.
    case slope
    /// The fourth moment over the squared second, less 3: 0 for a normal distribution, high where there are a few shocks.
    case kurtosis
    /// The largest distance from the mean in spreads: rises with the first shocks of a damaged bearing.
    case crestFactor
    /// The power in ``WindowFeatures/bandCount`` bands of an octave each, the highest last, as its common logarithm.
    case spectralBands

    /// Numbers for a channel.
    var width: Int { self == .spectralBands ? WindowFeatures.bandCount : 1 }
}
