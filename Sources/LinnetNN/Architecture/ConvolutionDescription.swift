// SPDX-License-Identifier: Apache-2.0

/// A convolution over time or over a grid, or its transpose.
///
/// Each list has one number for a sequence and two, height and width, for a grid. A convolution of n places has
/// `(n + 2 padding - dilation (kernel - 1) - 1) / stride + 1` of them, rounded down, its transpose
/// `(n - 1) stride - 2 padding + dilation (kernel - 1) + outputPadding + 1`: PyTorch's formulas. What Keras calls padding
/// "same" is, for stride 1 and an odd kernel, a padding of half the kernel rounded down.
public struct ConvolutionDescription: Codable, Sendable, Hashable {
    /// The number of output channels.
    public var filters: Int
    /// The places that one output looks at.
    public var kernel: [Int]
    /// How far the kernel moves from one output to the next.
    public var stride: [Int]
    /// The zeros put around the input on either side.
    public var padding: [Int]
    /// The distance of neighbouring places of the kernel.
    public var dilation: [Int]
    /// Of a transposed convolution only: places added at the end, fewer than the stride or the dilation.
    ///
    /// With a stride, inputs of several sizes have outputs of one size; this chooses among them on the way back.
    public var outputPadding: [Int]
    public var activation: Activation

    public init(
        filters: Int, kernel: [Int], stride: [Int] = [1], padding: [Int] = [0], dilation: [Int] = [1],
        outputPadding: [Int] = [0], activation: Activation = .identity
    ) {
        self.filters = filters
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.outputPadding = outputPadding
        self.activation = activation
    }
}
