// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Runs contenders over the series of a set, seed by seed.
public struct Evaluation: Sendable {
    public let benchmark: Benchmark?
    public let series: [LabelledSeries]
    /// Seeds tried where a contender depends on one.
    public let seeds: Int

    /// - Parameter benchmark: whose way of pooling files is used; `nil` for a file of one's own.
    public init(benchmark: Benchmark?, series: [LabelledSeries], seeds: Int) {
        self.benchmark = benchmark
        self.series = series
        self.seeds = max(1, seeds)
    }

    /// What became of one series.
    private struct Judged {
        var run: SeriesRun
        var metrics: SeriesMetrics
        var seconds: Double
    }

    /// Learns and judges, as many series at a time as there are ``Workers``.
    ///
    /// - Parameters:
    ///   - clock: seconds, from any start; called from several threads.
    ///   - finished: called in the order of the series, each seed's after it is done, with what was said of it.
    /// - Throws: ``BenchmarkError`` if the contender can not learn from a series.
    public func run(
        _ contender: Contender, clock: () -> Double, finished: (_ seed: Int, LabelledSeries, SeriesRun) throws -> Void
    ) throws -> ContenderResult {
        var runs: [[SeriesMetrics]] = []
        var seconds = 0.0
        for seed in 0..<(contender.isSeeded ? seeds : 1) {
            let judged = try judge(contender, seed: UInt64(seed + 1), clock: clock)
            for (item, judged) in zip(series, judged) { try finished(seed, item, judged.run) }
            seconds += judged.reduce(0) { $0 + $1.seconds }
            runs.append(judged.map(\.metrics))
        }
        return ContenderResult(
            name: contender.name, runs: runs, benchmark: benchmark, seconds: seconds / Double(runs.count))
    }

    private func judge(_ contender: Contender, seed: UInt64, clock: () -> Double) throws(BenchmarkError) -> [Judged] {
        let begin = clock()
        let together = try contender.learnTogether(series, seed: seed)
        // Everybody's part of what was learned together.
        let shared = (clock() - begin) / Double(max(1, series.count))
        var judged = [Judged?](repeating: nil, count: series.count)
        try judged.withUnsafeMutableBufferPointer { judged throws(BenchmarkError) in
            try Workers.perform(series.count) { (number) throws(BenchmarkError) in
                let start = clock()
                let run = try contender.run(on: series[number], seed: seed, together: together)
                let seconds = clock() - start + shared
                judged[number] = Judged(
                    run: run, metrics: SeriesMetrics(run, on: series[number]), seconds: seconds)
            }
        }
        return judged.compactMap { $0 }
    }
}
