// SPDX-License-Identifier: Apache-2.0

/// Makes one value of the values that lie in a frame, channel by channel; what does not fill a frame is left out.
public struct PoolingDescription: Codable, Sendable, Hashable {
    /// What is made of the values in a frame.
    public enum Method: String, Codable, Sendable, CaseIterable {
        /// The largest.
        case maximum
        /// The mean.
        case average
    }

    public var method: Method
    /// The places of a frame: one number for a sequence, height and width for a grid.
    public var size: [Int]
    /// How far the frame moves, as many numbers.
    public var stride: [Int]

    /// - Parameter stride: `size` if there is none, as in PyTorch and Keras.
    public init(_ method: Method, size: [Int], stride: [Int]? = nil) {
        self.method = method
        self.size = size
        self.stride = stride ?? size
    }
}
