// SPDX-License-Identifier: Apache-2.0

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

    /// Learns and judges.
    ///
    /// - Parameters:
    ///   - clock: seconds, from any start.
    ///   - finished: called after each series of each seed with what was said of it.
    /// - Throws: ``BenchmarkError`` if the contender can not learn from a series.
    public func run(
        _ contender: Contender, clock: () -> Double, finished: (_ seed: Int, LabelledSeries, SeriesRun) throws -> Void
    ) throws -> ContenderResult {
        var runs: [[SeriesMetrics]] = []
        var seconds = 0.0
        for seed in 0..<(contender.isSeeded ? seeds : 1) {
            var metrics: [SeriesMetrics] = []
            for item in series {
                let start = clock()
                let run = try contender.run(on: item, seed: UInt64(seed + 1))
                seconds += clock() - start
                metrics.append(SeriesMetrics(run, on: item))
                try finished(seed, item, run)
            }
            runs.append(metrics)
        }
        return ContenderResult(
            name: contender.name, runs: runs, benchmark: benchmark, seconds: seconds / Double(runs.count))
    }
}
