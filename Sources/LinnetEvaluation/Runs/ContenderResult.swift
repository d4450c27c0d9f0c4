// SPDX-License-Identifier: Apache-2.0

/// The numbers of one contender over all series of a set.
public struct ContenderResult: Sendable, Codable {
    /// A number over the set, and how far it would swing with other files of its kind.
    public struct Summary: Sendable, Codable {
        /// The median over the seeds.
        public var value: Double
        /// 95 % bootstrap interval over the files, of the first seed.
        public var interval: Bootstrap?
    }

    /// What is told of a contender, in the order of the columns.
    public enum Column: String, Sendable, Codable, CaseIterable {
        case f1
        case precision
        case recall
        case accuracy
        case falseAlarmRate
        case missedAlarmRate
        case rocAUC
        case averagePrecision
        case vusROC
        case vusPR
        case rangePrecision
        case rangeRecall
        case rangeF1
        case eventRecall
        case eventPrecision
        case eventF1
        case delayRows
        case falseEpisodesPerDay
        case nabStandard
        case nabLowFP
        case nabLowFN
        case changepointStandard
        case changepointLowFP
        case changepointLowFN
        case hitRate100
        case hitRate150
        case bestF1
        case pointAdjustedF1
        case bestPointAdjustedF1

        /// The number over a set of series; `nil` where it is not defined.
        func value(_ series: [SeriesMetrics], benchmark: Benchmark?) -> Double? {
            let faulty = series.filter { $0.anomalousRows > 0 }
            // SKAB pools its counts, and a test file without any event has no F1.
            let pooled = series.reduce(ConfusionCounts()) { $0 + $1.counts }
            func rate(_ part: (ConfusionCounts) -> Double) -> Double? {
                benchmark == .skab ? part(pooled) : mean(faulty.map { part($0.counts) })
            }
            switch self {
            case .f1: return rate(\.f1)
            case .precision: return rate(\.precision)
            case .recall: return rate(\.recall)
            case .accuracy: return rate(\.accuracy)
            case .falseAlarmRate: return rate(\.falseAlarmRate)
            case .missedAlarmRate: return rate(\.missedAlarmRate)
            case .rocAUC: return mean(series.compactMap(\.rocAUC))
            case .averagePrecision: return mean(series.compactMap(\.averagePrecision))
            case .vusROC: return mean(series.compactMap { $0.vus?.roc })
            case .vusPR: return mean(series.compactMap { $0.vus?.pr })
            case .rangePrecision: return mean(faulty.map(\.range.precision))
            case .rangeRecall: return mean(faulty.map(\.range.recall))
            case .rangeF1: return mean(faulty.map(\.range.f1))
            case .eventRecall: return mean(faulty.map(\.events.recall))
            case .eventPrecision: return mean(faulty.map(\.events.precision))
            case .eventF1: return mean(faulty.map(\.events.f1))
            case .delayRows: return mean(faulty.compactMap(\.events.meanDelay))
            case .falseEpisodesPerDay: return mean(series.compactMap(\.falseEpisodesPerDay))
            case .nabStandard: return nab(series, .standard)
            case .nabLowFP: return nab(series, .lowFalsePositives)
            case .nabLowFN: return nab(series, .lowFalseNegatives)
            case .changepointStandard: return changepoints(series, .standard)
            case .changepointLowFP: return changepoints(series, .lowFalsePositives)
            case .changepointLowFN: return changepoints(series, .lowFalseNegatives)
            case .hitRate100: return mean(series.compactMap(\.hitRate100))
            case .hitRate150: return mean(series.compactMap(\.hitRate150))
            case .bestF1: return mean(faulty.map(\.bestF1))
            case .pointAdjustedF1: return mean(faulty.map(\.pointAdjustedF1))
            case .bestPointAdjustedF1: return mean(faulty.compactMap(\.bestPointAdjustedF1))
            }
        }

        private func mean(_ values: [Double]) -> Double? {
            values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        }

        private func nab(_ series: [SeriesMetrics], _ profile: NABScore.Profile) -> Double? {
            series.compactMap { $0.nab[profile.rawValue] }.reduce(NABScore(), +).percent
        }

        private func changepoints(_ series: [SeriesMetrics], _ profile: NABScore.Profile) -> Double? {
            series.compactMap { $0.changepoints[profile.rawValue] }.reduce(ChangepointScore(), +).total.percent
        }
    }

    public var name: String
    /// By the column's name.
    public var summary: [String: Summary]
    /// Of the first seed.
    public var series: [SeriesMetrics]
    public var seeds: Int
    /// Seconds it took to learn from and to judge all series once.
    public var seconds: Double

    static let bootstrapSeed: UInt64 = 20_260_101

    /// - Parameter runs: the metrics of all series, for each seed; at least one.
    public init(name: String, runs: [[SeriesMetrics]], benchmark: Benchmark?, seconds: Double) {
        self.name = name
        self.seconds = seconds
        seeds = runs.count
        series = runs[0]
        summary = [:]
        for column in Column.allCases {
            let values = runs.compactMap { column.value($0, benchmark: benchmark) }.sorted()
            guard !values.isEmpty else { continue }
            let middle = values.count / 2
            let median = values.count.isMultiple(of: 2) ? (values[middle - 1] + values[middle]) / 2 : values[middle]
            summary[column.rawValue] = Summary(
                value: median,
                interval: Bootstrap(series, seed: Self.bootstrapSeed) { column.value($0, benchmark: benchmark) })
        }
    }

    /// The number of a column; `nil` where the set does not define it.
    public subscript(_ column: Column) -> Double? { summary[column.rawValue]?.value }
}
