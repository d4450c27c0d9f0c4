// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection
import LinnetEvaluation
import LinnetTestKit
import Testing

@Suite("Benchmarks by their own protocols")
struct BenchmarkTests {
    private func write(_ text: String, to path: String) throws {
        let file = URL(filePath: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// A recording with one channel, and the last tenth of its rows labelled.
    private func skab(_ rows: Int) -> String {
        (0..<rows).reduce("datetime;flow;anomaly;changepoint\n") { text, row in
            let isFaulty = row >= rows - rows / 10
            let change = row == rows - rows / 10 ? 1 : 0
            return text + "\(row);\(Double(row % 7) + (isFaulty ? 9 : 0));\(isFaulty ? 1 : 0);\(change)\n"
        }
    }

    @Test("SKAB learns from 400 rows of each file, leaves out the fault-free run, and keeps the files' own times")
    func skabProtocol() throws {
        let folder = try TemporaryDirectory()
        try write(skab(500), to: "\(folder.path)/valve1/10.csv")
        try write(skab(600), to: "\(folder.path)/valve1/2.csv")
        try write("datetime;flow\n1;2\n2;3\n", to: "\(folder.path)/anomaly-free/anomaly-free.csv")

        let series = try Benchmark.skab.load(folder.path)

        #expect(series.map(\.name) == ["valve1/2", "valve1/10"])
        #expect(series[1].training.count == 400 && series[1].samples.count == 100)
        #expect(series[1].channels == ["flow"])
        #expect(series[1].labels.count { $0 } == 50 && series[1].changepoints.count { $0 } == 1)
        #expect(series[1].times.first == "400" && series[1].timeColumn == "datetime")
    }

    @Test("a fault as plain as this one is found, and always-alarm shows what F1 is worth")
    func contenders() throws {
        let folder = try TemporaryDirectory()
        try write(skab(800), to: "\(folder.path)/valve1/1.csv")
        let series = try Benchmark.skab.load(folder.path)
        let evaluation = Evaluation(benchmark: .skab, series: series, seeds: 2)
        var results: [String: ContenderResult] = [:]
        for contender in Benchmark.contenders(Benchmark.skab.settings) where contender.name != "autoencoder" {
            results[contender.name] = try evaluation.run(contender, clock: { 0 }) { _, _, _ in }
        }
        #expect(try #require(results["Linnet"]?[.vusPR]) > 0.9)
        #expect(try #require(results["always alarm"]?[.recall]) == 1)
        #expect(try #require(results["always alarm"]?[.rocAUC]) == 0.5)
        #expect(results["random"]?.seeds == 2 && results["Linnet"]?.seeds == 1)
        #expect(results["Linnet"]?.summary["vusPR"]?.interval != nil)
    }

    @Test("each family can take the place of a set's detector, in windows long enough for it")
    func families() throws {
        let settings = Benchmark.skab.settings
        let families = DetectorFamily.all.map(\.family)
        let contenders = Benchmark.contenders(settings, families: families)
        #expect(contenders.count == 7 + families.count)
        #expect(Set(contenders.map(\.name)).count == contenders.count)
        for family in families {
            let changed = settings.with(family)
            #expect(changed.detectors == [family] && changed.windowLength >= family.minimumLength)
            #expect(changed.threshold == settings.threshold && changed.alarm == settings.alarm)
            #expect(changed.folds <= (family.isSeeded ? 3 : settings.folds))
        }
    }

    @Test("data that are not there are told with what was expected", arguments: Benchmark.allCases)
    func nothing(benchmark: Benchmark) throws {
        let folder = try TemporaryDirectory()
        #expect {
            try benchmark.load(folder.path)
        } throws: { error in
            "\(error)".contains("no data of this set; expected ")
        }
    }

    @Test("a label that is no number is told with its place")
    func badLabel() throws {
        let folder = try TemporaryDirectory()
        let path = "\(folder.path)/valve1/1.csv"
        try write("datetime;flow;anomaly;changepoint\n1;2;maybe;0\n", to: path)
        #expect {
            try Benchmark.skab.load(folder.path)
        } throws: { error in
            "\(error)".contains("\(path):2: column \"anomaly\" is \"maybe\"")
        }
    }
}

/// A folder of the real sets, where there is one.
private let dataFolder = ProcessInfo.processInfo.environment["LINNET_DATA"]

@Suite(
    "What Linnet reaches on public sets", .enabled(if: dataFolder != nil, "LINNET_DATA names no folder of data sets"))
struct ReachedTests {
    private func result(_ benchmark: Benchmark) throws -> ContenderResult {
        let series = try benchmark.load(try #require(dataFolder) + "/" + benchmark.rawValue)
        let own = Contender(name: "Linnet", kind: .pipeline(benchmark.settings))
        return try Evaluation(benchmark: benchmark, series: series, seeds: 1).run(own, clock: { 0 }) { _, _, _ in }
    }

    @Test("SKAB: F1 at least 0.81 with at most 20 % false and 20 % missed rows, VUS-PR at least 0.90")
    func skab() throws {
        let result = try result(.skab)
        #expect(try #require(result[.f1]) >= 0.81)
        #expect(try #require(result[.falseAlarmRate]) <= 0.2)
        #expect(try #require(result[.missedAlarmRate]) <= 0.2)
        #expect(try #require(result[.vusPR]) >= 0.9)
    }

    @Test("Tennessee Eastman: at least 73 % of fault rows with at most 2 % false ones")
    func tep() throws {
        let result = try result(.tep)
        #expect(try #require(result[.recall]) >= 0.73)
        #expect(try #require(result[.falseAlarmRate]) <= 0.02)
    }

    @Test("NAB: a standard score of at least 50 with thresholds of its own")
    func nab() throws { #expect(try #require(try result(.nab)[.nabStandard]) >= 50) }

    @Test("ASD: VUS-PR at least 0.42 from each server's own data, and from what all have learned together")
    func asd() throws {
        #expect(try #require(try result(.asd)[.vusPR]) >= 0.42)
        let series = try Benchmark.asd.load(try #require(dataFolder) + "/asd")
        let contenders = Benchmark.contenders(Benchmark.asd.settings, isFleet: true)
        let federated = try #require(contenders.first { $0.name == "Linnet, federated" })
        let result = try Evaluation(benchmark: .asd, series: series, seeds: 1).run(federated, clock: { 0 }) { _, _, _ in
        }
        #expect(try #require(result[.vusPR]) >= 0.42)
    }

    @Test("SMD: VUS-PR at least 0.50, a third of the events for at most 0.3 false episodes a day, and their channels")
    func smd() throws {
        let result = try result(.smd)
        #expect(try #require(result[.vusPR]) >= 0.5)
        #expect(try #require(result[.eventRecall]) >= 0.35)
        #expect(try #require(result[.falseEpisodesPerDay]) <= 0.3)
        #expect(try #require(result[.hitRate100]) >= 0.7)
    }
}
