// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetNumerics

/// A row of a benchmark's table: something that scores and alarms.
public struct Contender: Sendable {
    /// What it does.
    public enum Kind: Sendable {
        case pipeline(PipelineSettings)
        /// The same with a dense autoencoder of these widths that all machines of the set have learned together.
        case federated(PipelineSettings, hidden: [Int])
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
            settings.detectors.contains(where: \.isSeeded)
        case .alwaysAlarm: false
        case .federated, .random: true
        }
    }

    /// What is learned from all series together before each is judged; `nil` for what learns alone.
    ///
    /// - Throws: ``BenchmarkError/detector(series:reason:)``.
    func learnTogether(_ series: [LabelledSeries], seed: UInt64) throws(BenchmarkError) -> FederatedNetwork? {
        guard case .federated(let settings, let hidden) = kind else { return nil }
        var windows: [Matrix] = []
        for item in series {
            do throws(DetectionError) {
                windows.append(try DetectionPipeline.trainingWindows(settings: settings, normal: item.training))
            } catch {
                throw .detector(series: item.name, reason: error)
            }
        }
        do throws(DetectionError) {
            return try FederatedNetwork(learning: windows, hidden: hidden, seed: seed)
        } catch {
            throw .detector(series: "all together", reason: error)
        }
    }

    /// Learns from the training samples of a series and judges the others.
    ///
    /// - Parameter together: what was learned from all series.
    /// - Throws: ``BenchmarkError/detector(series:reason:)`` if there is too little to learn from.
    func run(
        on series: LabelledSeries, seed: UInt64, together: FederatedNetwork?
    ) throws(BenchmarkError) -> SeriesRun {
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
            return try Self.judge(series) { () throws(DetectionError) in
                try DetectionPipeline(settings: settings, normal: series.training, seed: seed)
            }
        case .federated(let settings, _):
            return try Self.judge(series) { () throws(DetectionError) in
                guard let together else { throw .model("nothing was learned together") }
                return try DetectionPipeline(settings: settings, normal: series.training) {
                    windows, _ throws(DetectionError) in
                    [
                        try NetworkDetector(
                            network: together.network, parameters: together.parameters, fitting: windows)
                    ]
                }
            }
        }
    }

    private static func judge(
        _ series: LabelledSeries, _ learned: () throws(DetectionError) -> DetectionPipeline
    ) throws(BenchmarkError) -> SeriesRun {
        do throws(DetectionError) {
            var pipeline = try learned()
            if !series.continues { pipeline.restart() }
            return SeriesRun(of: &pipeline, over: series)
        } catch {
            throw .detector(series: series.name, reason: error)
        }
    }
}
