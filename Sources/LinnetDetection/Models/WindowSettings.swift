// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// How a device's samples become windows; length and channels are its signal contract's.
public struct WindowSettings: Sendable, Codable, Hashable {
    /// Samples from one window to the next, at least 1.
    public var stride: Int
    /// The longest pause between two samples of one window, in milliseconds.
    public var maximumGapMilliseconds: Int
    public var missing: MissingValuePolicy

    public init(stride: Int, maximumGapMilliseconds: Int, missing: MissingValuePolicy) {
        self.stride = stride
        self.maximumGapMilliseconds = maximumGapMilliseconds
        self.missing = missing
    }

    /// Cuts a device's samples into windows.
    public func makeWindower(_ contract: SignalContract) -> Windower {
        Windower(contract: contract, stride: stride, missing: missing, maximumGapMilliseconds: maximumGapMilliseconds)
    }

    /// Windows of a device in 24 hours, if no sample is missing.
    public func windowsPerDay(_ contract: SignalContract) -> Double {
        86_400_000 / (Double(max(1, contract.intervalMilliseconds)) * Double(max(1, stride)))
    }
}
