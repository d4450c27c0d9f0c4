// SPDX-License-Identifier: Apache-2.0

/// How large a safetensors file may be that somebody else wrote.
public struct SafetensorsLimits: Sendable, Hashable {
    /// The whole file, in bytes.
    public var maximumFileBytes: Int
    /// The JSON header, in bytes.
    public var maximumHeaderBytes: Int
    /// The number of tensors.
    public var maximumTensors: Int
    /// The number of dimensions of one tensor.
    public var maximumRank: Int

    /// 256 MiB, 1 MiB of header, 4,096 tensors of at most 8 dimensions.
    public static let `default` = SafetensorsLimits()

    public init(
        maximumFileBytes: Int = 256 << 20, maximumHeaderBytes: Int = 1 << 20, maximumTensors: Int = 4096,
        maximumRank: Int = 8
    ) {
        self.maximumFileBytes = maximumFileBytes
        self.maximumHeaderBytes = maximumHeaderBytes
        self.maximumTensors = maximumTensors
        self.maximumRank = maximumRank
    }
}
