// SPDX-License-Identifier: Apache-2.0

/// Every number of one contender on one series.
public struct SeriesMetrics: Sendable, Codable, Equatable {
    public var series: String
    public var rows: Int
    public var anomalousRows: Int
    public var counts: ConfusionCounts
    public var rocAUC: Double?
    public var averagePrecision: Double?
    public var vus: VolumeUnderSurface?
    public var range: RangeScore
    public var events: EventScore
    public var falseEpisodesPerDay: Double?
    /// NAB's and SKAB's scores by profile, where the set has them.
    public var nab: [String: NABScore]
    public var changepoints: [String: ChangepointScore]
    /// Means over the events whose channels are known.
    public var hitRate100: Double?
    public var hitRate150: Double?
    /// Oracles and flattered numbers, for comparison with papers alone.
    public var bestF1: Double
    public var pointAdjustedF1: Double
    public var bestPointAdjustedF1: Double?

    /// Judges what a contender said of a series.
    public init(_ run: SeriesRun, on series: LabelledSeries) {
        let labels = series.labels
        self.series = series.name
        rows = labels.count
        counts = ConfusionCounts(labels: labels, predictions: run.predictions)
        anomalousRows = counts.truePositives + counts.falseNegatives
        let curve = RankCurve(labels: labels, scores: run.scores)
        rocAUC = curve.rocAUC
        averagePrecision = curve.averagePrecision
        bestF1 = curve.bestF1
        vus = VolumeUnderSurface(labels: labels, scores: run.scores)
        range = RangeScore(labels: labels, predictions: run.predictions)
        let events = EventScore(labels: labels, predictions: run.predictions)
        self.events = events
        falseEpisodesPerDay = series.samplesPerDay.map { events.falseEpisodesPerDay(rowsPerDay: $0) }
        pointAdjustedF1 = PointAdjustment.f1(labels: labels, predictions: run.predictions)
        bestPointAdjustedF1 = PointAdjustment.bestF1(labels: labels, scores: run.scores)
        nab = [:]
        changepoints = [:]
        for profile in NABScore.Profile.allCases {
            if let windows = series.windows {
                let alarms =
                    [Bool](repeating: false, count: series.training.count) + Runs.onsets(run.predictions)
                nab[profile.rawValue] = NABScore(alarms: alarms, windows: windows, profile: profile)
            }
            if !series.changepoints.isEmpty {
                changepoints[profile.rawValue] = ChangepointScore(
                    seconds: series.seconds, predictions: run.predictions, changepoints: series.changepoints,
                    profile: profile)
            }
        }
        let hits = series.rootCauses.compactMap { cause -> (Double, Double)? in
            let ranking = run.ranking(cause.rows)
            guard !ranking.isEmpty else { return nil }
            return (
                HitRate.of(ranking: ranking, truth: cause.channels, percent: 100),
                HitRate.of(ranking: ranking, truth: cause.channels, percent: 150)
            )
        }
        hitRate100 = hits.isEmpty ? nil : hits.map(\.0).reduce(0, +) / Double(hits.count)
        hitRate150 = hits.isEmpty ? nil : hits.map(\.1).reduce(0, +) / Double(hits.count)
    }
}
