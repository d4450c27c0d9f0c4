// SPDX-License-Identifier: Apache-2.0

import LinnetDetection

extension Benchmark {
    /// Linnet's configuration for machines of this kind: one for all files of the set.
    public var settings: PipelineSettings {
        switch self {
        case .skab:
            PipelineSettings(
                scaleFloor: 0.001, smoothing: 6, windowLength: 12, detectors: [.residual(variance: 0.85)], folds: 10,
                threshold: .quantile(exceedance: 0.002, margin: 1),
                alarm: AlarmPolicy(raiseAfter: 2, clearAfter: 5, clearRatio: 0.8))
        case .smd:
            PipelineSettings(
                limit: 20, detrending: 1440, scoreSpan: 10,
                threshold: .following(quantile: 0.995, margin: 1.25, clip: 1.25, span: 5760, floor: 0.3),
                alarm: AlarmPolicy(raiseAfter: 1, clearAfter: 60, clearRatio: 0.8))
        case .asd:
            PipelineSettings(
                windowLength: 8, detectors: [.denseAutoencoder(hidden: [32, 8], epochs: 30)], scoreSpan: 10,
                threshold: .following(quantile: 0.99, margin: 1.25, clip: 1.25, span: 1152, floor: 0.3),
                alarm: AlarmPolicy(raiseAfter: 1, clearAfter: 12, clearRatio: 0.8))
        case .nab:
            PipelineSettings(
                limit: 5, windowLength: 16, detectors: [.zScore, .principalComponents(variance: 0.9)],
                scoreSpan: 136, fitShare: 0.6,
                threshold: .following(quantile: 0.985, margin: 1, clip: 2, span: 6000, floor: 0.3),
                alarm: AlarmPolicy(raiseAfter: 1, clearAfter: 100, clearRatio: 1))
        case .nasa:
            PipelineSettings(
                windowLength: 6, detectors: [.baseline(.mahalanobis)], scoreSpan: 10,
                threshold: .following(quantile: 0.99, margin: 1.25, clip: 1.25, span: 4000, floor: 0.3),
                alarm: AlarmPolicy(raiseAfter: 1, clearAfter: 20, clearRatio: 0.8))
        case .tep:
            PipelineSettings(
                scaleFloor: 0.001, smoothing: 3, windowLength: 2, detectors: [.baseline(.mahalanobis)], scoreSpan: 10,
                folds: 8,
                threshold: .quantile(exceedance: 0.02, margin: 1))
        }
    }

    /// Rows of a table: a configuration of Linnet, the same with other families as its detector, and the baselines that
    /// each must beat to be worth its cost.
    ///
    /// - Parameter isFleet: whether the series are machines of one kind, which can learn together.
    public static func contenders(
        _ settings: PipelineSettings, families: [DetectorFamily] = [], isFleet: Bool = false
    ) -> [Contender] {
        var plain = settings
        plain.smoothing = 1
        plain.detrending = 0
        plain.scoreSpan = 1
        plain.threshold = .quantile(exceedance: 0.001, margin: 1)
        func baseline(_ name: String, _ family: DetectorFamily) -> Contender {
            var settings = plain
            settings.detectors = [family]
            return Contender(name: name, kind: .pipeline(settings))
        }
        return [Contender(name: "Linnet", kind: .pipeline(settings))]
            + (isFleet ? [Contender(name: "Linnet, federated", kind: .federated(settings, hidden: [32, 8]))] : [])
            + families.map { family in
                Contender(name: "with \(family.title)", kind: .pipeline(settings.with(family)))
            } + [
                baseline("autoencoder", .denseAutoencoder(hidden: [32, 8], epochs: 30)),
                baseline("PCA T2+Q", .principalComponents(variance: 0.9)),
                baseline("z-score", .zScore),
                baseline("Mahalanobis", .baseline(.mahalanobis)),
                Contender(name: "always alarm", kind: .alwaysAlarm),
                Contender(name: "random", kind: .random(share: 0.01)),
            ]
    }
}

extension PipelineSettings {
    /// Folds in which a network is trained at most: each is a training of its own.
    static let maximumTrainings = 3

    /// The same way from samples to alarms with another detector, and windows long enough for it.
    public func with(_ family: DetectorFamily) -> PipelineSettings {
        var settings = self
        settings.detectors = [family]
        settings.windowLength = max(windowLength, family.minimumLength)
        if family.isSeeded { settings.folds = min(folds, Self.maximumTrainings) }
        return settings
    }
}
