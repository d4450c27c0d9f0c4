// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// One device's way from samples to alarms, learned from its normal samples:
/// standardize → filter → window → features → detectors → smooth → calibrate → largest surprise → threshold → alarm.
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

    public private(set) var settings: PipelineSettings
    private var standardizer: RegimeStandardizer
    private var filter: ChannelFilter
    private var history: RowHistory
    private var view: WindowView
    private var judges: [Judge]
    /// `nil` until it has been calibrated.
    private var threshold: RegimeThreshold?
    /// How surprising the held-back normal samples were, and their operating states: what thresholds are fitted on.
    private var heldSurprises: [(Double, Int?)] = []
    private var alarm: AlarmState
    private var row: [Float]

    /// Fewest normal samples to learn from.
    public static let minimumSamples = 60
    /// Windows that models are fitted on at most, evenly spaced.
    static let maximumWindows = 8000
    static let maximumFolds = 20
    /// Length of a held-back block at least, in what a window with all its smoothing reaches over.
    static let reachesPerBlock = 2

    /// Learns from normal samples, oldest first: models from some, calibration and threshold from others.
    ///
    /// - Throws: ``DetectionError`` if there are too few samples, or a model can not be fitted to them.
    public init(settings: PipelineSettings, normal samples: [Sample], seed: UInt64) throws(DetectionError) {
        try self.init(settings: settings, normal: samples) { windows, length throws(DetectionError) in
            try settings.detectors.map { family throws(DetectionError) in
                try family.fit(windows, length: length, seed: seed)
            }
        }
    }

    /// How detectors come to know normal windows, `[windows, length * channels]`, of so many samples each.
    public typealias Learning = (_ windows: Matrix, _ length: Int) throws(DetectionError) -> [any WindowDetector]

    /// Learns with detectors of one's own in place of those of the settings: weights that others have learned, for one.
    ///
    /// - Throws: ``DetectionError`` if there are too few samples, or what `learning` throws.
    public init(
        settings: PipelineSettings, normal samples: [Sample], learning: Learning
    ) throws(DetectionError) {
        guard samples.count >= Self.minimumSamples, samples.first.map({ !$0.values.isEmpty }) == true else {
            throw .tooFewWindows(found: samples.count, needed: Self.minimumSamples)
        }
        let held = Self.heldRows(settings, count: samples.count)
        var fitted = try DetectionPipeline(settings: settings, fitting: samples, without: held[0], learning: learning)
        var scores = fitted.heldScores(samples, of: held[0])
        for rows in held.dropFirst() {
            fitted = try DetectionPipeline(settings: settings, fitting: samples, without: rows, learning: learning)
            for (number, more) in fitted.heldScores(samples, of: rows).enumerated() { scores[number] += more }
        }
        if held.count > 1 {
            fitted = try DetectionPipeline(
                settings: settings, fitting: samples, without: samples.count..<samples.count,
                learning: learning)
        }
        self = fitted
        try calibrate(scores)
        // The state that the next sample follows on.
        for (number, sample) in samples.enumerated() {
            advance(sample)
            guard number >= samples.count - settings.scoreSpan else { continue }
            let window = view.values(of: history.values)
            for judge in judges.indices { _ = judges[judge].smoothed(window) }
        }
    }

    /// The standardized windows that models of these settings are fitted on, `[windows, length * channels]`.
    ///
    /// - Throws: ``DetectionError`` if there are too few samples.
    public static func trainingWindows(
        settings: PipelineSettings, normal samples: [Sample]
    ) throws(DetectionError) -> Matrix {
        guard samples.count >= minimumSamples, samples.first.map({ !$0.values.isEmpty }) == true else {
            throw .tooFewWindows(found: samples.count, needed: minimumSamples)
        }
        var windows = Matrix(rows: 0, columns: 0)
        _ = try DetectionPipeline(
            settings: settings, fitting: samples, without: heldRows(settings, count: samples.count)[0]
        ) { found, _ throws(DetectionError) in
            windows = found
            return []
        }
        return windows
    }

    /// Rows that models are not fitted on but calibrated on, in turns.
    private static func heldRows(_ settings: PipelineSettings, count: Int) -> [Range<Int>] {
        guard settings.folds > 1 else {
            let share = min(max(settings.fitShare, 0.1), 0.9)
            return [Int(Double(count) * share)..<count]
        }
        // Neighbours are alike: held-back rows that are shorter than what a window reaches over lie in the middle of rows that
        // were learned from, and look far more normal than any new row will. Measured on SKAB with 60 rows to learn from,
        // short blocks lead to false alarms at 91 % of normal rows, and these to 33 %.
        let reach = max(1, settings.windowLength) + max(1, settings.smoothing) + max(1, settings.scoreSpan)
        let folds = max(2, min(settings.folds, maximumFolds, count / (reachesPerBlock * reach)))
        return (0..<folds).map { count * $0 / folds..<count * ($0 + 1) / folds }
    }

    /// Fits everything but calibration and threshold, without the held-back rows and windows that reach into them.
    private init(
        settings: PipelineSettings, fitting samples: [Sample], without held: Range<Int>, learning: Learning
    ) throws(DetectionError) {
        self.settings = settings
        let others = samples.indices.filter { !held.contains($0) }
        standardizer = RegimeStandardizer(
            fitting: others.map { samples[$0].values }, channel: settings.regimeChannel, floor: settings.scaleFloor,
            limit: settings.limit)
        filter = ChannelFilter(smoothing: settings.smoothing, detrending: settings.detrending)
        history = RowHistory(length: settings.windowLength)
        row = [Float](repeating: 0, count: standardizer.center.count)
        view = WindowView(settings.features, length: history.length, channels: row.count)
        judges = []
        alarm = AlarmState(policy: settings.alarm)

        let stride = max(1, others.count / Self.maximumWindows)
        var windows = Matrix(rows: 0, columns: view.width(of: history.length * row.count))
        for (number, sample) in samples.enumerated() {
            advance(sample)
            let first = number - history.length + 1
            let reachesHeld = !held.isEmpty && number >= held.lowerBound && first < held.upperBound
            guard first >= 0, !reachesHeld, number.isMultiple(of: stride) else { continue }
            windows.appendRow(view.values(of: history.values))
        }
        windows = view.fit(windows, floor: settings.scaleFloor, limit: settings.limit)
        let trimmed = try Self.trimmed(windows, share: settings.trimmedShare)
        judges = try learning(trimmed, view.length(of: history.length)).map { detector in
            Judge(detector: detector, smoother: ScoreSmoother(settings.scoreSmoothing, span: settings.scoreSpan))
        }
        restart()
    }

    /// Each detector's scores of some rows, not smoothed, and the rows' operating states; the past of the first is that of
    /// the recording.
    private mutating func heldScores(_ samples: [Sample], of rows: Range<Int>) -> [[(score: Double, regime: Int?)]] {
        var scores = [[(score: Double, regime: Int?)]](repeating: [], count: judges.count)
        for (number, sample) in samples[..<rows.upperBound].enumerated() {
            advance(sample)
            // The first windows are not whole yet, and odd for that alone.
            guard rows.contains(number), number >= history.length else { continue }
            let window = view.values(of: history.values)
            for judge in judges.indices {
                scores[judge].append((judges[judge].detector.score(window), standardizer.regime))
            }
        }
        restart()
        return scores
    }

    /// Puts every detector's held-back scores, in the order of time, on one scale, and the threshold on that.
    private mutating func calibrate(_ held: [[(score: Double, regime: Int?)]]) throws(DetectionError) {
        var surprises = held[0].map { (0.0, $0.regime) }
        for number in judges.indices {
            for (row, surprise) in try judges[number].calibrate(held[number]).enumerated() {
                surprises[row].0 = max(surprises[row].0, surprise)
            }
        }
        heldSurprises = surprises
        threshold = try RegimeThreshold(settings.threshold, fitting: surprises)
    }

    /// The same models with another threshold and other alarms; nothing is learned anew.
    ///
    /// - Throws: ``DetectionError`` if the rule needs more than was held back.
    public func with(threshold rule: ThresholdRule, alarm policy: AlarmPolicy) throws(DetectionError)
        -> DetectionPipeline
    {
        var other = self
        other.settings.threshold = rule
        other.settings.alarm = policy
        other.threshold = try RegimeThreshold(rule, fitting: heldSurprises)
        other.alarm = AlarmState(policy: policy)
        return other
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
        let window = view.values(of: history.values)
        let regime = standardizer.regime
        var score = 0.0
        for number in judges.indices {
            score = max(score, judges[number].surprise(window, regime: regime))
        }
        let level = threshold?.handle(score, regime: regime) ?? .greatestFiniteMagnitude
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
