// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Sets a window's error against how much there is in the window to be explained.
///
///     s = e (E + c E) / (‖x‖²/n + c E)        E the mean of ‖x‖²/n over normal windows, c = 0.3
///
/// A model misses more of what moves more: among windows of very different strength the faint ones hide in the errors of the
/// strong ones. It is the relative Euclidean distance of Zong et al. (2018), squared, with a floor `c E` under which a window
/// near zero is not blown up; the error of a window as strong as the mean one stays what it is.
public struct RelativeError: Codable, Sendable, Hashable {
    /// E, finite and above 0.
    public let energy: Double

    /// c: found on handwritten digits, where 0.1 to 1 do nearly the same.
    public static let floorShare = 0.3

    /// Measures the windows.
    ///
    /// - Parameter windows: normal, standardized, `[windows, inputWidth]`.
    /// - Returns: `nil` where nothing is in them, or what is in them is not finite.
    public init?(fitting windows: Matrix) {
        let count = windows.rows * windows.columns
        let sum = windows.withUnsafeBufferPointer(Kernels.sumOfSquares)
        self.init(energy: sum / Double(max(1, count)))
    }

    /// - Returns: `nil` unless `energy` is finite and above 0.
    public init?(energy: Double) {
        guard energy.isFinite, energy > 0 else { return nil }
        self.energy = energy
    }

    /// Whether what came from a file can be calculated with.
    public var isValid: Bool { energy.isFinite && energy > 0 }

    /// What becomes of a window's error; never NaN.
    ///
    /// - Parameter window: standardized, `[inputWidth]`.
    public func score(_ error: Double, of window: UnsafeBufferPointer<Float>) -> Double {
        let strength = Kernels.sumOfSquares(window) / Double(max(1, window.count))
        let score = error * (1 + Self.floorShare) * energy / (strength + Self.floorShare * energy)
        return score.isFinite ? score : .greatestFiniteMagnitude
    }
}
