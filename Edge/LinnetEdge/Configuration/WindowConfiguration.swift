// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration

/// How samples become windows: the `window` section.
public struct WindowConfiguration: Sendable, Equatable {
    /// Samples in a window.
    public var length: Int
    /// Samples from the start of one window to the start of the next.
    public var stride: Int
    /// The longest pause between two samples of one window, in milliseconds.
    public var maximumGapMilliseconds: Int
    /// Successive samples for which a missing cell keeps its channel's last value.
    public var holdMissing: Int

    public init(length: Int = 8, stride: Int = 4, maximumGapMilliseconds: Int = 2000, holdMissing: Int = 3) {
        self.length = length
        self.stride = stride
        self.maximumGapMilliseconds = maximumGapMilliseconds
        self.holdMissing = holdMissing
    }

    /// Reads the `window` section; what is wrong with it is noted there.
    public init(reading section: ConfigurationSection) {
        length = section.integer("length", default: 8, in: 1...4096)
        stride = section.integer("stride", default: max(1, length / 2), in: 1...4096)
        let gap = section.duration("maximumGap", default: .seconds(2), in: .milliseconds(1) ... .seconds(86_400))
        maximumGapMilliseconds = gap.wholeMilliseconds
        holdMissing = section.integer("holdMissing", default: 3, in: 0...1000)
        if stride > length {
            section.problem("stride", "is \(stride); it must be at most \"window.length\" (\(length))")
        }
    }
}
