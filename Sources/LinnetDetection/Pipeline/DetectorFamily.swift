// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics

/// Which models of normal there are, and with what settings each learns.
public enum DetectorFamily: Sendable, Codable, Hashable {
    /// The linear reference: Hotelling's T² and the residual Q of the components that hold a share of the variance.
    case principalComponents(variance: Double)
    /// Its residual Q alone: for recordings too short to know the variances that T² divides by.
    case residual(variance: Double)
    /// The mean squared standardized value: no learning at all.
    case zScore
    /// A plain detector in its literature's settings.
    case baseline(Baseline)
    /// A dense autoencoder over the flattened window, with widths of one's own.
    case denseAutoencoder(hidden: [Int], epochs: Int)
    /// Any network, in its family's size for such windows.
    case network(ModelFamily)

    /// Every family once, in settings that suit most machines, by the name that files and command lines know it by.
    public static let all: [(name: String, family: DetectorFamily)] =
        [
            ("principalComponents", .principalComponents(variance: 0.9)), ("residual", .residual(variance: 0.9)),
            ("zScore", .zScore),
        ] + Baseline.allCases.filter { $0 != .principalComponents }.map { ($0.rawValue, .baseline($0)) }
        + ModelFamily.detecting.map { ($0.rawValue, .network($0)) }

    /// What people call it.
    public var title: String {
        switch self {
        case .principalComponents, .baseline(.principalComponents): "PCA T2+Q"
        case .residual: "PCA residual"
        case .zScore: "z-score"
        case .baseline(.mahalanobis): "Mahalanobis"
        case .baseline(.robustZScore): "robust z-score"
        case .baseline(.isolationForest): "isolation forest"
        case .baseline(.autoencoderEnsemble): "autoencoder ensemble"
        case .denseAutoencoder: ModelFamily.denseAutoencoder.title
        case .network(let family): family.title
        }
    }

    /// Samples that a window must have for it to be worth its cost.
    public var minimumLength: Int { if case .network(let family) = self { family.minimumLength } else { 1 } }

    /// Whether what it learns depends on a seed.
    public var isSeeded: Bool {
        switch self {
        case .denseAutoencoder, .network, .baseline(.isolationForest), .baseline(.autoencoderEnsemble): true
        case .principalComponents, .residual, .zScore, .baseline: false
        }
    }

    /// Learns what normal windows look like.
    ///
    /// - Parameters:
    ///   - windows: normal, standardized, in the order of time, `[windows, length * channels]`.
    ///   - length: samples of a window.
    ///   - seed: of the initial weights and the order of batches, where there are any.
    /// - Throws: ``DetectionError`` if there are too few windows, or nothing can be learned from them.
    public func fit(_ windows: Matrix, length: Int, seed: UInt64) throws(DetectionError) -> any WindowDetector {
        switch self {
        case .principalComponents(let variance):
            return PrincipalComponentDetector(try PrincipalComponents(fitting: windows, variance: variance))
        case .residual(let variance):
            return ResidualDetector(model: try PrincipalComponents(fitting: windows, variance: variance))
        case .zScore: return ZScoreDetector()
        case .baseline(let baseline): return try baseline.fit(windows, seed: seed)
        case .denseAutoencoder(let hidden, let epochs):
            return try NetworkDetector(
                fitting: windows,
                architecture: .denseAutoencoder(inputWidth: windows.columns, hidden: hidden), epochs: epochs, seed: seed
            )
        case .network(let family):
            return try NetworkDetector(fitting: windows, family: family, length: length, seed: seed)
        }
    }
}
