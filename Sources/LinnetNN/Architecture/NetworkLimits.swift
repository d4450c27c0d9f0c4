// SPDX-License-Identifier: Apache-2.0

/// How large a network may be that somebody else describes.
public struct NetworkLimits: Sendable, Hashable {
    /// The widest layer or input.
    public var maximumWidth: Int
    /// The most layers.
    public var maximumLayers: Int
    /// The most weights and biases together.
    public var maximumParameters: Int
    /// The most Floats that one layer may keep of one row between forward and backward, such as a convolution's patches.
    public var maximumKept: Int

    /// Width 65,536, 64 layers, 64 Mi parameters (256 MiB), 4 Mi Floats kept of a row.
    public static let `default` = NetworkLimits()

    public init(
        maximumWidth: Int = 65_536, maximumLayers: Int = 64, maximumParameters: Int = 64 << 20,
        maximumKept: Int = 4 << 20
    ) {
        precondition((1...1 << 24).contains(maximumWidth), "a width limit of \(maximumWidth) is out of 1...2^24")
        precondition((1...4096).contains(maximumLayers), "a layer limit of \(maximumLayers) is out of 1...4096")
        precondition(maximumParameters > 0, "a parameter limit of \(maximumParameters) is not positive")
        precondition(maximumKept > 0, "a limit of \(maximumKept) kept values is not positive")
        self.maximumWidth = maximumWidth
        self.maximumLayers = maximumLayers
        self.maximumParameters = maximumParameters
        self.maximumKept = maximumKept
    }
}
