// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// The plain detectors that a network has to beat to be worth its cost, each with its literature's settings.
///
///     var detector = try Baseline.isolationForest.fit(windows, seed: 1)
///     let score = detector.score(window)
public enum Baseline: String, Sendable, Codable, Hashable, CaseIterable {
    /// Hotelling's T² and the residual Q of the components that hold 90 % of the variance.
    case principalComponents
    /// The squared Mahalanobis distance.
    case mahalanobis
    /// Distance from the median in median absolute deviations, value by value.
    case robustZScore
    /// How few random cuts it takes to set a window apart (Liu, Ting and Zhou 2008).
    case isolationForest
    /// Small autoencoders over groups of values that go together, and one over their errors (KitNET; Mirsky et al. 2018).
    case autoencoderEnsemble

    /// Learns what normal windows look like.
    ///
    /// - Parameters:
    ///   - windows: normal, standardized, in the order of time, `[windows, length * channels]`, at least 2.
    ///   - seed: of what is drawn at random, where anything is.
    /// - Throws: ``DetectionError`` if there are too few windows, or they are not finite.
    public func fit(_ windows: Matrix, seed: UInt64) throws(DetectionError) -> any BaselineDetector {
        guard windows.rows >= 2, windows.columns >= 1 else { throw .tooFewWindows(found: windows.rows, needed: 2) }
        guard windows.withUnsafeBufferPointer(Kernels.isFinite) else {
            throw .model("a window holds a value that is not finite; leave such windows out")
        }
        switch self {
        case .principalComponents:
            return PrincipalComponentDetector(try PrincipalComponents(fitting: windows, variance: 0.9))
        case .mahalanobis:
            // All components and no residual: then T² is the Mahalanobis distance.
            return MahalanobisDetector(components: try PrincipalComponents(fitting: windows, variance: 1))
        case .robustZScore: return RobustZScoreDetector(fitting: windows)
        case .isolationForest: return IsolationForest(fitting: windows, seed: seed)
        case .autoencoderEnsemble: return AutoencoderEnsemble(fitting: windows, seed: seed)
        }
    }

    /// What it is good for, in one line.
    public var purpose: String {
        switch self {
        case .principalComponents: "channels that go together linearly; the reference that networks are held against"
        case .mahalanobis: "few channels with one mode of operation, enough windows for all their covariances"
        case .robustZScore: "single channels that leave their range; normal data that are not clean"
        case .isolationForest: "several modes of operation, values of any scale; no time in it"
        case .autoencoderEnsemble: "many channels in groups, one pass over the data, little memory"
        }
    }
}

/// A fitted baseline: it scores windows as every detector does, and tells how large it is.
public protocol BaselineDetector: WindowDetector {
    /// The numbers that were learned.
    var valueCount: Int { get }
}
