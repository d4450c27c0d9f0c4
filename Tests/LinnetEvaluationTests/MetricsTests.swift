// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetEvaluation
import Testing

/// One series of `Vectors/metrics.json`, and what independent code says of it; see `regenerate.py` beside it.
struct MetricCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Events: Decodable {
        var events: Int
        var found: Int
        var episodes: Int
        var falseEpisodes: Int
        var delays: [Int]
    }

    var name: String
    var labels: [Int]
    var scores: [Double]
    var predictions: [Int]
    var windows: [[Int]]
    var seconds: [Double]
    var changepoints: [Int]
    var confusion: [Int]
    var precision: Double
    var recall: Double
    var f1: Double
    var accuracy: Double
    var rocAUC: Double
    var averagePrecision: Double
    var bestF1: Double
    var vus: [String: [Double]]
    var rangePrecision: Double
    var rangeRecall: Double
    var eventScore: Events
    var adjustedF1: Double
    var adjustedF1At20: Double
    var bestAdjustedF1: Double
    var nab: [String: [Double]]
    var skabChangepoints: [String: [Double]]

    var testDescription: String { name }
    var truth: [Bool] { labels.map { $0 == 1 } }
    var alarms: [Bool] { predictions.map { $0 == 1 } }

    static let all: [MetricCase] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        // A file that can not be read leaves no case, and the first test says so.
        guard let data = try? Data(contentsOf: folder.appending(path: "Vectors/metrics.json")) else { return [] }
        return (try? JSONDecoder().decode([MetricCase].self, from: data)) ?? []
    }()
}

private func expectEqual(_ found: Double?, _ expected: Double, _ what: String) {
    #expect(found.map { abs($0 - expected) < 1e-6 } == true, "\(what): \(found ?? .nan) instead of \(expected)")
}

@Suite("Metrics equal independent implementations")
struct MetricsTests {
    @Test("there are vectors to compare with")
    func vectors() { #expect(MetricCase.all.count == 5) }

    @Test("point rates and areas equal scikit-learn's", arguments: MetricCase.all)
    func points(vector: MetricCase) {
        let counts = ConfusionCounts(labels: vector.truth, predictions: vector.alarms)
        #expect(
            [counts.truePositives, counts.falsePositives, counts.falseNegatives, counts.trueNegatives]
                == vector.confusion)
        expectEqual(counts.precision, vector.precision, "precision")
        expectEqual(counts.recall, vector.recall, "recall")
        expectEqual(1 - counts.missedAlarmRate, vector.recall, "missed-alarm rate")
        expectEqual(
            counts.falseAlarmRate, Double(vector.confusion[1]) / Double(vector.confusion[1] + vector.confusion[3]),
            "false-alarm rate")
        expectEqual(counts.f1, vector.f1, "F1")
        expectEqual(counts.accuracy, vector.accuracy, "accuracy")
        let curve = RankCurve(labels: vector.truth, scores: vector.scores)
        expectEqual(curve.rocAUC, vector.rocAUC, "ROC-AUC")
        expectEqual(curve.averagePrecision, vector.averagePrecision, "average precision")
        expectEqual(curve.bestF1, vector.bestF1, "best F1")
    }

    @Test("volumes under the surface equal the authors' package", arguments: MetricCase.all)
    func volumes(vector: MetricCase) throws {
        for (window, expected) in vector.vus {
            let volume = VolumeUnderSurface(
                labels: vector.truth, scores: vector.scores, window: try #require(Int(window)))
            expectEqual(volume?.roc, expected[0], "VUS-ROC with a buffer of \(window)")
            expectEqual(volume?.pr, expected[1], "VUS-PR with a buffer of \(window)")
        }
    }

    @Test("ranges and events equal their definitions", arguments: MetricCase.all)
    func ranges(vector: MetricCase) {
        let range = RangeScore(labels: vector.truth, predictions: vector.alarms)
        expectEqual(range.precision, vector.rangePrecision, "range precision")
        expectEqual(range.recall, vector.rangeRecall, "range recall")
        let events = EventScore(labels: vector.truth, predictions: vector.alarms)
        #expect(events.events == vector.eventScore.events && events.foundEvents == vector.eventScore.found)
        #expect(events.episodes == vector.eventScore.episodes)
        #expect(events.falseEpisodes == vector.eventScore.falseEpisodes)
        #expect(events.delays == vector.eventScore.delays)
    }

    @Test("point adjustment equals its definition", arguments: MetricCase.all)
    func adjustment(vector: MetricCase) {
        expectEqual(
            PointAdjustment.f1(labels: vector.truth, predictions: vector.alarms), vector.adjustedF1, "adjusted F1")
        expectEqual(
            PointAdjustment.f1(labels: vector.truth, predictions: vector.alarms, share: 0.2), vector.adjustedF1At20,
            "PA%20")
        expectEqual(
            PointAdjustment.bestF1(labels: vector.truth, scores: vector.scores), vector.bestAdjustedF1,
            "best adjusted F1")
    }

    @Test("NAB's and SKAB's scores equal their definitions", arguments: MetricCase.all, NABScore.Profile.allCases)
    func profiles(vector: MetricCase, profile: NABScore.Profile) throws {
        let nab = NABScore(alarms: vector.alarms, windows: vector.windows.map { $0[0]...$0[1] }, profile: profile)
        let expected = try #require(vector.nab[profile.rawValue])
        expectEqual(nab.score, expected[0], "NAB score")
        #expect([nab.perfect, nab.null] == Array(expected[1...]))
        let changes = ChangepointScore(
            seconds: vector.seconds, predictions: vector.alarms, changepoints: vector.changepoints.map { $0 == 1 },
            profile: profile)
        let wanted = try #require(vector.skabChangepoints[profile.rawValue])
        expectEqual(changes.total.score, wanted[0], "changepoint score")
        #expect([changes.total.perfect, changes.total.null] == Array(wanted[1...2]))
        #expect([Double(changes.missed), Double(changes.falseChanges)] == Array(wanted[3...4]))
    }
}

@Suite("Metrics at the edges")
struct MetricEdgeTests {
    @Test("a set without anomalies, or without normal rows, has no area")
    func undefined() {
        let scores = [0.1, 0.2, 0.3]
        let quiet = RankCurve(labels: [false, false, false], scores: scores)
        #expect(quiet.rocAUC == nil && quiet.averagePrecision == nil)
        #expect(RankCurve(labels: [true, true, true], scores: scores).rocAUC == nil)
        #expect(VolumeUnderSurface(labels: [false, false, false], scores: scores) == nil)
        #expect(PointAdjustment.bestF1(labels: [false, false, false], scores: scores) == nil)
        #expect(NABScore(alarms: [true, false, true], windows: [], profile: .standard).percent == nil)
    }

    @Test("rates without a denominator are 0, not NaN")
    func empty() {
        let counts = ConfusionCounts(labels: [], predictions: [])
        #expect(counts.f1 == 0 && counts.precision == 0 && counts.falseAlarmRate == 0 && counts.accuracy == 0)
        let events = EventScore(labels: [false], predictions: [false])
        #expect(events.recall == 0 && events.precision == 0 && events.f1 == 0 && events.meanDelay == nil)
    }

    @Test("constant scores say nothing: half of the ROC area, the share of anomalies as precision")
    func constant() {
        let labels = [true, false, false, false]
        let curve = RankCurve(labels: labels, scores: [1, 1, 1, 1])
        #expect(curve.rocAUC == 0.5 && curve.averagePrecision == 0.25)
    }

    @Test("false episodes a day count episodes, not rows")
    func falseAlarms() {
        var predictions = [Bool](repeating: false, count: 1440)
        for row in 100..<200 { predictions[row] = true }
        let score = EventScore(labels: [Bool](repeating: false, count: 1440), predictions: predictions)
        #expect(score.falseEpisodesPerDay(rowsPerDay: 1440) == 1)
    }

    @Test("hit rates look at as many channels as are to blame, or half as many again")
    func hitRate() {
        #expect(HitRate.of(ranking: [3, 1, 0, 2], truth: [1, 2], percent: 100) == 0.5)
        #expect(HitRate.of(ranking: [3, 1, 2, 0], truth: [1, 2], percent: 150) == 1)
        #expect(HitRate.of(ranking: [], truth: [1], percent: 100) == 0)
    }

    @Test("bootstrap intervals are repeatable, and hold the mean of what they are drawn from")
    func bootstrap() throws {
        let files = (0..<20).map(Double.init)
        let mean: ([Double]) -> Double? = { $0.reduce(0, +) / Double($0.count) }
        let interval = try #require(Bootstrap(files, seed: 5, statistic: mean))
        #expect(interval == Bootstrap(files, seed: 5, statistic: mean))
        #expect(interval.low < 9.5 && interval.high > 9.5 && interval.low > 4 && interval.high < 15)
        #expect(Bootstrap([1.0], seed: 5, statistic: mean) == Bootstrap([1.0], seed: 6, statistic: mean))
    }
}
