// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDetection
import LinnetDomain
import LinnetNumerics

/// Finds out what to run on a machine: compares families, window lengths and thresholds on its own recording.
///
///     let tuner = try Tuner(normal: recording.samples, samplesPerDay: 86_400)
///     let advice = try tuner.run(budgetSeconds: 300, clock: uptime) { print($0.family, $0.ranking) }
///
/// Candidates learn from the older rows. On the newer ones, which nothing has learned from, they have to tell faint faults
/// drawn over them from what is normal, or, where there is a labelled recording, the labelled rows.
public struct Tuner: Sendable {
    /// What is recommended, and everything that was measured on the way.
    public struct Advice: Sendable, Codable {
        public var settings: PipelineSettings
        public var family: String
        /// Best first.
        public var candidates: [TuningEvidence]
        /// Those of the recommended family and window, in the order in which they were tried.
        public var thresholds: [ThresholdEvidence]
        /// Candidates that there was no time for, or that could not learn.
        public var left: [String]
        /// Rows that were learned from, and held out.
        public var learnedRows: Int
        public var heldRows: Int
        /// Whether real labels decided, not drawn faults.
        public var hasLabels: Bool
        public var falseAlarmsPerDay: Double
    }

    /// What false alarms a day are aimed at.
    public let falseAlarmsPerDay: Double
    private let learned: [Sample]
    private let normal: LabelledSeries
    private let faulty: LabelledSeries
    private let hasLabels: Bool
    private let seed: UInt64

    /// Fewest normal rows, and most that are learned from; of more, the newest.
    public static let minimumRows = 300
    static let maximumRows = 30_000
    static let learnedShare = 0.7
    /// Windows that are compared.
    public static let lengths = [1, 4, 12, 32]
    /// The share of normal rows that candidates are compared at.
    static let aimedShare = 0.01
    /// Share of the budget that is spent on families and windows; the rest is for thresholds.
    static let candidateShare = 0.85

    /// What is not compared.
    public static let base = PipelineSettings(
        scaleFloor: 0.001, scoreSpan: 4, threshold: .quantile(exceedance: aimedShare, margin: 1))

    /// - Parameters:
    ///   - normal: normal samples, oldest first.
    ///   - labelled: another recording of the same machine with its anomalies labelled.
    ///   - samplesPerDay: how many the machine gives in 24 hours.
    /// - Throws: ``TuningError``.
    public init(
        normal samples: [Sample], labelled: (samples: [Sample], labels: [Bool])? = nil, samplesPerDay: Double,
        falseAlarmsPerDay: Double = 1, seed: UInt64 = 1
    ) throws(TuningError) {
        guard samples.count >= Self.minimumRows else {
            throw .tooFewRows(found: samples.count, needed: Self.minimumRows)
        }
        let kept = Array(samples.suffix(Self.maximumRows))
        let split = Int(Double(kept.count) * Self.learnedShare)
        let held = Array(kept[split...])
        learned = Array(kept[..<split])
        self.falseAlarmsPerDay = falseAlarmsPerDay
        self.seed = seed
        hasLabels = labelled != nil
        let standardizer = RowStandardizer(fitting: learned.map(\.values), floor: 0.001, limit: 10)
        func series(_ name: String, _ samples: [Sample], _ labels: [Bool], continues: Bool) -> LabelledSeries {
            LabelledSeries(
                name: name, channels: standardizer.center.indices.map { "c\($0)" }, training: [], samples: samples,
                labels: labels, times: [], timeColumn: "row", continues: continues, samplesPerDay: samplesPerDay)
        }
        normal = series("normal", held, held.map { _ in false }, continues: true)
        if let labelled {
            guard labelled.labels.contains(true), labelled.labels.contains(false) else {
                throw .oneKindOfRow(name: "the labelled file")
            }
            faulty = series("labelled", labelled.samples, labelled.labels, continues: false)
        } else {
            let faults = InjectedFaults(
                over: held, center: standardizer.center, scale: standardizer.scale, seed: seed)
            faulty = series("drawn", faults.samples, faults.labels, continues: true)
        }
    }

    /// The families and windows that are compared, those that cost least first.
    private static func candidates(
        _ families: [(name: String, family: DetectorFamily)], _ lengths: [Int], _ base: PipelineSettings
    ) -> [(name: String, settings: PipelineSettings)] {
        lengths.flatMap { length in
            families.filter { $0.family.minimumLength <= length }.map { name, family in
                var settings = base
                settings.windowLength = length
                return (name, settings.with(family))
            } + features(length, base)
        }.enumerated().sorted { left, right in
            let cost = [left, right].map { ($0.element.settings.detectors[0].isSeeded ? 1 : 0, $0.offset) }
            return cost[0] < cost[1]
        }.map(\.element)
    }

    /// What sees vibration by its spectrum, where windows are long enough to have one.
    private static func features(_ length: Int, _ base: PipelineSettings) -> [(
        name: String, settings: PipelineSettings
    )] {
        guard length >= 12 else { return [] }
        var settings = base
        settings.windowLength = length
        settings.features = WindowFeature.allCases
        return [("principalComponents of features", settings.with(.principalComponents(variance: 0.9)))]
    }

    /// Compares until the budget is used up, and recommends the best.
    ///
    /// - Parameters:
    ///   - families: in the order of preference among equals.
    ///   - lengths: of windows, in samples.
    ///   - base: everything that is not compared.
    ///   - clock: seconds, from any start; called from several threads.
    ///   - measured: called for each candidate when it is done.
    /// - Throws: ``TuningError/nothingLearned(reasons:)``.
    public func run(
        families: [(name: String, family: DetectorFamily)] = DetectorFamily.all, lengths: [Int] = Tuner.lengths,
        base: PipelineSettings = Tuner.base, budgetSeconds: Double, clock: () -> Double,
        measured: (TuningEvidence) -> Void
    ) throws(TuningError) -> Advice {
        let start = clock()
        let candidates = Self.candidates(families, lengths, base)
        var tried: [(evidence: TuningEvidence, settings: PipelineSettings, pipeline: DetectionPipeline)] = []
        var left: [String] = []
        var next = 0
        while next < candidates.count {
            let batch = candidates[next..<min(next + Workers.count, candidates.count)]
            if !tried.isEmpty, clock() - start > budgetSeconds * Self.candidateShare {
                left += candidates[next...].map { "\($0.name), window \($0.settings.windowLength): no time" }
                break
            }
            for (candidate, outcome) in zip(batch, outcomes(Array(batch), clock: clock)) {
                switch outcome {
                case .success(let found):
                    measured(found.evidence)
                    tried.append((found.evidence, candidate.settings, found.pipeline))
                case .failure(let reason):
                    left.append("\(candidate.name), window \(candidate.settings.windowLength): \(reason)")
                }
            }
            next += batch.count
        }
        // Stable: among equals the one that was tried first, which costs least.
        let order = tried.indices.sorted {
            (tried[$1].evidence.merit, $0) < (tried[$0].evidence.merit, $1)
        }
        guard let best = order.first.map({ tried[$0] }) else { throw .nothingLearned(reasons: left) }
        let thresholds = thresholds(for: best.pipeline)
        return Advice(
            settings: settings(best.settings, thresholds), family: best.evidence.family,
            candidates: order.map { tried[$0].evidence }, thresholds: thresholds.map(\.evidence), left: left,
            learnedRows: learned.count, heldRows: normal.samples.count, hasLabels: hasLabels,
            falseAlarmsPerDay: falseAlarmsPerDay)
    }

    // MARK: - Families and windows

    private typealias Outcome = Result<(evidence: TuningEvidence, pipeline: DetectionPipeline), DetectionError>

    /// Measures some candidates at a time, each on a thread of its own.
    private func outcomes(
        _ candidates: [(name: String, settings: PipelineSettings)], clock: () -> Double
    ) -> [Outcome] {
        var outcomes = [Outcome?](repeating: nil, count: candidates.count)
        outcomes.withUnsafeMutableBufferPointer { outcomes in
            Workers.perform(candidates.count) { (number) throws(Never) in
                do throws(DetectionError) {
                    outcomes[number] = .success(
                        try evidence(candidates[number].name, candidates[number].settings, clock: clock))
                } catch {
                    outcomes[number] = .failure(error)
                }
            }
        }
        return outcomes.compactMap { $0 }
    }

    private func evidence(
        _ family: String, _ settings: PipelineSettings, clock: () -> Double
    ) throws(DetectionError) -> (evidence: TuningEvidence, pipeline: DetectionPipeline) {
        let start = clock()
        let pipeline = try DetectionPipeline(settings: settings, normal: learned, seed: seed)
        let run = run(pipeline, over: faulty)
        let seconds = clock() - start
        let half = try DetectionPipeline(
            settings: settings, normal: Array(learned[..<(learned.count / 2)]), seed: seed)
        let quiet = self.run(pipeline, over: normal)
        let ranking = RankCurve(labels: faulty.labels, scores: run.scores).averagePrecision ?? 0
        let stability = RankCorrelation.of(run.scores, self.run(half, over: faulty, isNew: true).scores)
        let above = Double(quiet.predictions.count { $0 })
        // One row is the least that can be seen.
        let share = max(above, 1) / Double(max(1, quiet.predictions.count))
        let error = abs(log10(share / Self.aimedShare))
        return (
            TuningEvidence(
                family: family, windowLength: settings.windowLength, ranking: ranking, stability: stability,
                heldOutError: error,
                merit: TuningEvidence.merit(ranking: ranking, stability: stability, heldOutError: error),
                seconds: seconds),
            pipeline
        )
    }

    /// - Parameter isNew: whether the series does not follow on what the pipeline has learned from.
    private func run(_ pipeline: DetectionPipeline, over series: LabelledSeries, isNew: Bool = false) -> SeriesRun {
        var pipeline = pipeline
        if isNew || !series.continues { pipeline.restart() }
        return SeriesRun(of: &pipeline, over: series)
    }

    // MARK: - Thresholds

    private static let rules: [ThresholdRule] =
        [0.01, 0.003, 0.001, 3e-4, 1e-4, 1e-5].map { .quantile(exceedance: $0, margin: 1) }
        + [1.5, 2, 3].map { .quantile(exceedance: 1e-5, margin: $0) }
        + [1e-3, 1e-4].map { .peaks(probability: $0, depth: 0) }
        + [1.0, 1.25, 1.5].map { .following(quantile: 0.995, margin: $0, clip: 1.25, span: 5000, floor: 0.3) }

    private typealias Threshold = (evidence: ThresholdEvidence, alarm: AlarmPolicy)

    private func thresholds(for pipeline: DetectionPipeline) -> [Threshold] {
        Self.rules.flatMap { rule in
            [1, 3].compactMap { raiseAfter in
                let policy = AlarmPolicy(raiseAfter: raiseAfter, clearAfter: 10, clearRatio: 0.8)
                // A rule that needs more rows than there are is none of those that can be recommended.
                guard let changed = try? pipeline.with(threshold: rule, alarm: policy) else { return nil }
                let quiet = EventScore(labels: normal.labels, predictions: run(changed, over: normal).predictions)
                let events = EventScore(labels: faulty.labels, predictions: run(changed, over: faulty).predictions)
                return (
                    ThresholdEvidence(
                        threshold: rule, raiseAfter: raiseAfter, found: events.recall,
                        falseEpisodes: quiet.falseEpisodes,
                        falseEpisodesPerDay: quiet.falseEpisodesPerDay(rowsPerDay: normal.samplesPerDay ?? 1)),
                    policy
                )
            }
        }
    }

    /// The threshold that finds most among those that keep to the wanted false alarms; where none does, the quietest of
    /// those that still find half of what can be found.
    private func settings(_ base: PipelineSettings, _ thresholds: [Threshold]) -> PipelineSettings {
        var allowed = thresholds.filter { $0.evidence.falseEpisodesPerDay <= falseAlarmsPerDay }
        if allowed.isEmpty {
            let half = (thresholds.map(\.evidence.found).max() ?? 0) / 2
            let useful = thresholds.filter { $0.evidence.found >= half }
            let least = useful.map(\.evidence.falseEpisodes).min() ?? 0
            allowed = useful.filter { $0.evidence.falseEpisodes == least }
        }
        let most = allowed.map(\.evidence.found).max() ?? 0
        // Of several that find as much the last, which is the strictest of its kind, would be tuned to this recording's
        // luck; the first gives away margin. The middle one has some on either side.
        let best = allowed.filter { $0.evidence.found == most }
        var settings = base
        if !best.isEmpty {
            settings.threshold = best[best.count / 2].evidence.threshold
            settings.alarm = best[best.count / 2].alarm
        }
        return settings
    }
}
