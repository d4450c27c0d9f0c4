// SPDX-License-Identifier: Apache-2.0

/// A model of normal windows that says how little another window is like them.
public protocol WindowDetector: Sendable {
    /// How unusual a window is, 0 or more; never NaN.
    ///
    /// - Parameter window: standardized, `[length * channels]`.
    mutating func score(_ window: [Float]) -> Double
}
