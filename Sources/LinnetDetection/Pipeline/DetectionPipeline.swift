// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// One device's way from samples to alarms, learned from its normal samples:
/// standardize → filter → window → detectors → smooth → calibrate → largest surprise → threshold → alarm.
///
///     var pipeline = try DetectionPipeline(settings: settings, normal: samples, seed: 1)
///     let verdict = pipeline.push(sample)                 // one sample in, one verdict out
///
/// There is no other way to score, so a recording scored at once and a stream scored sample by sample give the same
/// numbers, and no sample has a part in the score of an earlier one.
public struct DetectionPipeline: Sendable {
    /// What became of one sample.
    public struct Verdict: Sendable, Hashable {
        /// How surprising the sample is: -log10 of the probability that a normal one is as odd.
        public var score: Double
        /// The level it was held against.
        public var threshold: Double
        /// Whether an alarm is firing.
        public var isAlarm: Bool
    }

    /// A detector and what makes its scores comparable.
    private struct Judge: Sendable {
        var detector: any WindowDetector
        var smoother: ScoreSmoother
        var calibration: TailCalibration?

        mutating func surprise(_ window: [Float]) -> Double {
            let score = smoothed(window)
            return calibration?.surprise(score) ?? 0
        }

        mutating func smoothed(_ window: [Float]) -> Double { smoother.handle(detector.score(window)) }
    }

    public let settings: PipelineSettings
    private var standardizer: RowStandardizer
    private var filter: ChannelFilter
    private var history: RowHistory
    private var judges: [Judge]
    private var threshold: ScoreThreshold
    private var alarm: AlarmState
    private var row: [Float]

    /// Fewest normal samples to learn from.
    public static let minimumSamples = 60
    /// Windows that models are fitted on at most, evenly spaced.
    static let maximumWindows = 8000
    static let maximumFolds = 20

    /// Learns from normal samples, oldest first: models from some, calibration and threshold from others.
    ///
    /// - Throws: ``DetectionError`` if there are too few samples, or a model can not be fitted to them.
    public init(settings: PipelineSettings, normal samples: [Sample], seed: UInt64) throws(DetectionError) {
        guard samples.count >= Self.minimumSamples, samples.first.map({ !$0.values.isEmpty }) == true else {
            throw .tooFewWindows(found: samples.count, needed: Self.minimumSamples)
        }
        let held = Self.heldRows(settings, count: samples.count)
        var fitted = try DetectionPipeline(settings: settings, fitting: samples, without: held[0], seed: seed)
        var scores = fitted.rawScores(samples, of: held[0])
        for rows in held.dropFirst() {
            fitted = try DetectionPipeline(settings: settings, fitting: samples, without: rows, seed: seed)
            for (number, more) in fitted.rawScores(samples, of: rows).enumerated() { scores[number] += more }
        }
        if held.count > 1 {
            fitted = try DetectionPipeline(
                settings: settings, fitting: samples, without: samples.count..<samples.count, seed: seed)
        }
        self = fitted
        try calibrate(scores)
        // The state that the next sample follows on.
        for (number, sample) in samples.enumerated() {
            advance(sample)
            guard number >= samples.count - settings.scoreSpan else { continue }
            for judge in judges.indices { _ = judges[judge].smoothed(history.values) }
        }
    }

    /// Rows that models are not fitted on but calibrated on, in turns.
    private static func heldRows(_ settings: PipelineSettings, count: Int) -> [Range<Int>] {
        guard settings.folds > 1 else {
            let share = min(max(settings.fitShare, 0.1), 0.9)
            return [Int(Double(count) * share)..<count]
        }
        let folds = min(settings.folds, maximumFolds)
        return (0..<folds).map { count * $0 / folds..<count * ($0 + 1) / folds }
    }

    /// Fits everything but calibration and threshold, without the held-back rows and windows that reach into them.
    private init(
        settings: PipelineSettings, fitting samples: [Sample], without held: Range<Int>, seed: UInt64
    ) throws(DetectionError) {
        self.settings = settings
        let others = samples.indices.filter { !held.contains($0) }
        standardizer = RowStandardizer(
            fitting: others.map { samples[$0].values }, floor: settings.scaleFloor, limit: settings.limit)
        filter = ChannelFilter(smoothing: settings.smoothing, detrending: settings.detrending)
        history = RowHistory(length: settings.windowLength)
        row = [Float](repeating: 0, count: standardizer.center.count)
        judges = []
        threshold = .fixed(.greatestFiniteMagnitude)
        alarm = AlarmState(policy: settings.alarm)

        let stride = max(1, others.count / Self.maximumWindows)
        var windows = Matrix(rows: 0, columns: history.length * row.count)
        for (number, sample) in samples.enumerated() {
            advance(sample)
            let first = number - history.length + 1
            let reachesHeld = !held.isEmpty && number >= held.lowerBound && first < held.upperBound
            guard first >= 0, !reachesHeld, number.isMultiple(of: stride) else { continue }
            windows.appendRow(history.values)
        }
        let trimmed = try Self.trimmed(windows, share: settings.trimmedShare)
        for family in settings.detectors {
            judges.append(
                Judge(
                    detector: try family.fit(trimmed, seed: seed),
                    smoother: ScoreSmoother(settings.scoreSmoothing, span: settings.scoreSpan)))
        }
        restart()
    }

    /// Each detector's scores of some rows, not smoothed; the past of the first is that of the recording.
    private mutating func rawScores(_ samples: [Sample], of rows: Range<Int>) -> [[Double]] {
        var scores = [[Double]](repeating: [], count: judges.count)
        for (number, sample) in samples[..<rows.upperBound].enumerated() {
            advance(sample)
            // The first windows are not whole yet, and odd for that alone.
            guard rows.contains(number), number >= history.length else { continue }
            for judge in judges.indices { scores[judge].append(judges[judge].detector.score(history.values)) }
        }
        restart()
        return scores
    }

    /// Puts every detector's held-back scores, in the order of time, on one scale, and the threshold on that.
    private mutating func calibrate(_ raw: [[Double]]) throws(DetectionError) {
        var surprises = [Double](repeating: 0, count: raw[0].count)
        for number in judges.indices {
            var smoother = judges[number].smoother
            let scores = raw[number].map { smoother.handle($0) }
            let calibration = try TailCalibration(fitting: scores)
            judges[number].calibration = calibration
            for row in scores.indices { surprises[row] = max(surprises[row], calibration.surprise(scores[row])) }
        }
        threshold = try ScoreThreshold(settings.threshold, fitting: surprises)
    }

    /// Leaves out the windows that a first linear model finds least like the others (trimmed likelihood; Rousseeuw and
    /// Van Driessen 1999, one concentration step).
    private static func trimmed(_ windows: Matrix, share: Double) throws(DetectionError) -> Matrix {
        guard share > 0 else { return windows }
        let first = PrincipalComponentDetector(try PrincipalComponents(fitting: windows, variance: 0.9))
        let scores = (0..<windows.rows).map { first.score(Array(windows.row($0))) }
        let level = QuantileThreshold.quantile(1 - min(share, 0.5), of: scores.sorted())
        var kept = Matrix(rows: 0, columns: windows.columns)
        for row in 0..<windows.rows where scores[row] <= level { kept.appendRow(windows.row(row)) }
        return kept
    }

    /// Takes in the next sample of the device.
    public mutating func push(_ sample: Sample) -> Verdict {
        advance(sample)
        var score = 0.0
        for number in judges.indices {
            score = max(score, judges[number].surprise(history.values))
        }
        let level = threshold.handle(score)
        _ = alarm.handle(ScoredWindow(start: sample.time, end: sample.time, score: score, threshold: level))
        return Verdict(score: score, threshold: level, isAlarm: alarm.phase == .firing)
    }

    /// How far each channel of the newest window strays from its own normal, in its scales: the largest absolute value,
    /// `[channels]`.
    ///
    /// Over an event, the channels with the largest values are the ones to look at first. Measured on SMD's root causes,
    /// that names more of the guilty channels than the detectors' residuals do: a residual smears one channel's fault over
    /// all that usually move with it.
    public func deviations() -> [Double] {
        var largest = [Double](repeating: 0, count: row.count)
        for (position, value) in history.values.enumerated() {
            largest[position % row.count] = max(largest[position % row.count], Double(abs(value)))
        }
        return largest
    }

    /// Forgets the past samples, not what was learned: what comes next is another recording of the same device.
    public mutating func restart() {
        standardizer.restart()
        filter.restart()
        history.restart()
        for number in judges.indices { judges[number].smoother.restart() }
        alarm = AlarmState(policy: settings.alarm)
    }

    private mutating func advance(_ sample: Sample) {
        precondition(sample.values.count == row.count, "\(sample.values.count) values for \(row.count) channels")
        standardizer.write(sample.values, to: &row)
        filter.apply(to: &row)
        history.push(row)
    }
}
