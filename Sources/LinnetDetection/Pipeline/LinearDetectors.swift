// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// The linear reference: T² and Q of a window, each in units of its mean on the windows it was fitted on, added up.
public struct PrincipalComponentDetector: WindowDetector {
    let model: PrincipalComponents

    public init(_ model: PrincipalComponents) { self.model = model }

    public func score(_ window: [Float]) -> Double {
        let (t2, q) = model.distances(window)
        // On the fitted windows T² has the mean K, and Q that of the variance left over.
        let score = t2 / Double(model.count) + q / model.residualVariance
        return score.isFinite ? score : .greatestFiniteMagnitude
    }
}

/// The residual of a window, Q alone, in units of its mean on the windows it was fitted on.
struct ResidualDetector: WindowDetector {
    let model: PrincipalComponents

    func score(_ window: [Float]) -> Double {
        let score = model.distances(window).q / model.residualVariance
        return score.isFinite ? score : .greatestFiniteMagnitude
    }
}

/// The squared Mahalanobis distance of a window from normal ones (Mahalanobis 1936).
struct MahalanobisDetector: WindowDetector {
    let components: PrincipalComponents

    func score(_ window: [Float]) -> Double {
        let distance = components.distances(window).t2 / Double(components.count)
        return distance.isFinite ? distance : .greatestFiniteMagnitude
    }

}

/// The mean squared standardized value of a window: what can be had without any model.
struct ZScoreDetector: WindowDetector {
    func score(_ window: [Float]) -> Double {
        window.isEmpty ? 0 : window.withUnsafeBufferPointer(Kernels.sumOfSquares) / Double(window.count)
    }
}
