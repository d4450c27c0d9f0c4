// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// A model of normal windows that says how little another window is like them.
public protocol WindowDetector: Sendable {
    /// How unusual a window is, 0 or more; never NaN.
    ///
    /// - Parameter window: standardized, `[length * channels]`.
    mutating func score(_ window: [Float]) -> Double
}

/// Which models of normal there are, and with what settings each learns.
public enum DetectorFamily: Sendable, Codable, Hashable {
    /// The linear reference: Hotelling's T² and the residual Q of the components that hold a share of the variance.
    case principalComponents(variance: Double)
    /// Its residual Q alone: for recordings too short to know the variances that T² divides by.
    case residual(variance: Double)
    /// A dense autoencoder over the flattened window.
    case denseAutoencoder(hidden: [Int], epochs: Int)
    /// The mean squared standardized value: no learning at all.
    case zScore
    /// The squared Mahalanobis distance.
    case mahalanobis

    /// Learns what normal windows look like.
    ///
    /// - Parameters:
    ///   - windows: normal, standardized, in the order of time, `[windows, length * channels]`.
    ///   - seed: of the initial weights and the order of batches, where there are any.
    /// - Throws: ``DetectionError`` if there are too few windows, or nothing can be learned from them.
    public func fit(_ windows: Matrix, seed: UInt64) throws(DetectionError) -> any WindowDetector {
        switch self {
        case .principalComponents(let variance):
            return PrincipalComponentDetector(try PrincipalComponents(fitting: windows, variance: variance))
        case .residual(let variance):
            return ResidualDetector(model: try PrincipalComponents(fitting: windows, variance: variance))
        case .denseAutoencoder(let hidden, let epochs):
            return try AutoencoderDetector(fitting: windows, hidden: hidden, epochs: epochs, seed: seed)
        case .zScore: return ZScoreDetector()
        case .mahalanobis:
            // All components and no residual: then T² is the Mahalanobis distance.
            return MahalanobisDetector(components: try PrincipalComponents(fitting: windows, variance: 1))
        }
    }
}
