// SPDX-License-Identifier: Apache-2.0

/// How large a network may be that somebody else describes.
public struct NetworkLimits: Sendable, Hashable {
    /// The widest layer or input.
    public var maximumWidth: Int
    /// The most layers.
    public var maximumLayers: Int
    /// The most weights and biases together.
    public var maximumParameters: Int

    /// Width 65,536, 64 layers, 64 Mi parameters (256 MiB).
    public static let `default` = NetworkLimits()

    public init(maximumWidth: Int = 65_536, maximumLayers: Int = 64, maximumParameters: Int = 64 << 20) {
        precondition((1...1 << 24).contains(maximumWidth), "a width limit of \(maximumWidth) is out of 1...2^24")
        precondition((1...4096).contains(maximumLayers), "a layer limit of \(maximumLayers) is out of 1...4096")
        precondition(maximumParameters > 0, "a parameter limit of \(maximumParameters) is not positive")
        self.maximumWidth = maximumWidth
        self.maximumLayers = maximumLayers
        self.maximumParameters = maximumParameters
    }
}
