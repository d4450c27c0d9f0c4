// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetNumerics

/// A row of a benchmark's table: something that scores and alarms.
public struct Contender: Sendable {
    /// What it does.
    public enum Kind: Sendable {
        case pipeline(PipelineSettings)
        /// An alarm at every row: what F1 is worth on a set.
        case alwaysAlarm
        /// Scores drawn evenly, an alarm at this share of rows: what every other number is worth.
        case random(share: Double)
    }

    public var name: String
    public var kind: Kind

    public init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// Whether its numbers depend on a seed, so that several are tried and the median told.
    public var isSeeded: Bool {
        switch kind {
        case .pipeline(let settings):
            settings.detectors.contains { if case .denseAutoencoder = $0 { true } else { false } }
        case .alwaysAlarm: false
        case .random: true
        }
    }

    /// Learns from the training samples of a series and judges the others.
    ///
    /// - Throws: ``BenchmarkError/detector(series:reason:)`` if there is too little to learn from.
    public func run(on series: LabelledSeries, seed: UInt64) throws(BenchmarkError) -> SeriesRun {
        let count = series.samples.count
        switch kind {
        case .alwaysAlarm:
            return SeriesRun(
                scores: [Double](repeating: 1, count: count), thresholds: [Double](repeating: 0, count: count),
                predictions: [Bool](repeating: true, count: count), deviations: [])
        case .random(let share):
            // Each series draws its own numbers.
            var generator = SeededGenerator(seed: series.name.utf8.reduce(seed) { $0 &* 31 &+ UInt64($1) })
            let scores = (0..<count).map { _ in generator.uniform() }
            return SeriesRun(
                scores: scores, thresholds: [Double](repeating: 1 - share, count: count),
                predictions: scores.map { $0 > 1 - share }, deviations: [])
        case .pipeline(let settings):
            do throws(DetectionError) {
                return try Self.run(settings, on: series, seed: seed)
            } catch {
                throw .detector(series: series.name, reason: error)
            }
        }
    }

    private static func run(
        _ settings: PipelineSettings, on series: LabelledSeries, seed: UInt64
    ) throws(DetectionError) -> SeriesRun {
        var pipeline = try DetectionPipeline(settings: settings, normal: series.training, seed: seed)
        if !series.continues { pipeline.restart() }
        var run = SeriesRun(scores: [], thresholds: [], predictions: [], deviations: [])
        let causes = series.rootCauses
        for (row, sample) in series.samples.enumerated() {
            let verdict = pipeline.push(sample)
            run.scores.append(verdict.score)
            run.thresholds.append(verdict.threshold)
            run.predictions.append(verdict.isAlarm)
            // Only where they are compared or drawn: they cost as much as a score.
            if verdict.isAlarm || row.isMultiple(of: SeriesRun.deviationStride)
                || causes.contains(where: { $0.rows.contains(row) })
            {
                run.deviations.append((row, pipeline.deviations()))
            }
        }
        return run
    }
}
