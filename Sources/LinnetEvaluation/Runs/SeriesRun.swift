// SPDX-License-Identifier: Apache-2.0

import LinnetDetection

/// What one contender said of one series.
public struct SeriesRun: Sendable {
    /// Higher is more anomalous, `[samples]`.
    public var scores: [Double]
    /// The level each score was held against, `[samples]`.
    public var thresholds: [Double]
    /// Whether an alarm was firing, `[samples]`.
    public var predictions: [Bool]
    /// How far each channel strayed at some rows, in order: at every alarmed one, within known events, and now and then.
    public var deviations: [(row: Int, values: [Double])]

    static let deviationStride = 32

    public init(
        scores: [Double], thresholds: [Double], predictions: [Bool], deviations: [(row: Int, values: [Double])]
    ) {
        self.scores = scores
        self.thresholds = thresholds
        self.predictions = predictions
        self.deviations = deviations
    }

    /// What a pipeline says of a series, sample by sample; it goes on from where it is.
    public init(of pipeline: inout DetectionPipeline, over series: LabelledSeries) {
        self.init(scores: [], thresholds: [], predictions: [], deviations: [])
        let causes = series.rootCauses
        for (row, sample) in series.samples.enumerated() {
            let verdict = pipeline.push(sample)
            scores.append(verdict.score)
            thresholds.append(verdict.threshold)
            predictions.append(verdict.isAlarm)
            // Only where they are compared or drawn: they cost as much as a score.
            if verdict.isAlarm || row.isMultiple(of: Self.deviationStride)
                || causes.contains(where: { $0.rows.contains(row) })
            {
                deviations.append((row, pipeline.deviations()))
            }
        }
    }

    /// Channels by the farthest they strayed over some rows, farthest first; empty if nothing is known of them.
    public func ranking(_ rows: ClosedRange<Int>) -> [Int] {
        var farthest: [Double] = []
        for (row, values) in deviations where rows.contains(row) {
            if farthest.isEmpty { farthest = [Double](repeating: 0, count: values.count) }
            for channel in values.indices { farthest[channel] = max(farthest[channel], values[channel]) }
        }
        return farthest.indices.sorted { (farthest[$1], $0) < (farthest[$0], $1) }
    }
}
