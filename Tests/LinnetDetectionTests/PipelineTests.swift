// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDetection
import LinnetDomain
import LinnetNumerics
import Testing

/// Three channels that move together, a slow drift under them, and a missing cell now and then.
private func samples(_ count: Int, seed: UInt64) -> [Sample] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { number in
        let load = sin(Double(number) / 9) + Double(number) / 500
        var values = (0..<3).map { Float(load * Double($0 + 1) + 0.1 * generator.gaussian()) }
        if generator.uniform() < 0.02 { values[Int(generator.uniform() * 3)] = .nan }
        return Sample(time: Timestamp(milliseconds: Int64(number) * 1000), values: values)
    }
}

/// What a pipeline says of a stream, sample by sample.
private func verdicts(_ stream: [Sample], by pipeline: inout DetectionPipeline) -> [DetectionPipeline.Verdict] {
    stream.map { pipeline.push($0) }
}

/// A configuration for every step there is.
struct NamedSettings: Sendable, CustomTestStringConvertible {
    var name: String
    var settings: PipelineSettings
    var testDescription: String { name }

    static let all: [NamedSettings] = [
        .init(name: "plain", settings: PipelineSettings()),
        .init(name: "smoothed inputs", settings: PipelineSettings(smoothing: 5)),
        .init(name: "detrended", settings: PipelineSettings(detrending: 50)),
        .init(name: "windows", settings: PipelineSettings(windowLength: 6)),
        .init(name: "smoothed scores", settings: PipelineSettings(scoreSpan: 7)),
        .init(name: "median of scores", settings: PipelineSettings(scoreSmoothing: .median, scoreSpan: 5)),
        .init(name: "residual", settings: PipelineSettings(detectors: [.residual(variance: 0.8)])),
        .init(name: "z-score", settings: PipelineSettings(detectors: [.zScore])),
        .init(name: "Mahalanobis", settings: PipelineSettings(detectors: [.baseline(.mahalanobis)])),
        .init(name: "features", settings: PipelineSettings(windowLength: 12, features: WindowFeature.allCases)),
        .init(name: "operating states", settings: PipelineSettings(windowLength: 2, regimeChannel: 0)),
        .init(
            name: "two detectors",
            settings: PipelineSettings(
                windowLength: 4,
                detectors: [.principalComponents(variance: 0.8), .denseAutoencoder(hidden: [4], epochs: 3)])),
        .init(name: "folds", settings: PipelineSettings(windowLength: 3, scoreSpan: 4, folds: 5)),
        .init(name: "trimmed", settings: PipelineSettings(trimmedShare: 0.05)),
        .init(name: "peaks", settings: PipelineSettings(threshold: .peaks(probability: 1e-3, depth: 0))),
        .init(name: "peaks that follow", settings: PipelineSettings(threshold: .peaks(probability: 1e-3, depth: 20))),
        .init(
            name: "a level that follows",
            settings: PipelineSettings(
                threshold: .following(quantile: 0.99, margin: 1.1, clip: 1, span: 60, floor: 0.3))),
        .init(
            name: "hysteresis",
            settings: PipelineSettings(alarm: AlarmPolicy(raiseAfter: 2, clearAfter: 3, clearRatio: 0.9))),
    ]

    /// A configuration for every family there is.
    static let families: [NamedSettings] = DetectorFamily.all.map { name, family in
        .init(
            name: name,
            settings: PipelineSettings(windowLength: max(2, family.minimumLength), detectors: [family]))
    }
}

@Suite("The pipeline from samples to alarms")
struct PipelineTests {
    private static let normal = samples(400, seed: 1)

    @Test(
        "nothing of the future leaks: verdicts do not change with what comes later",
        arguments: NamedSettings.all + NamedSettings.families)
    func noLeak(named: NamedSettings) throws {
        let start = try DetectionPipeline(settings: named.settings, normal: Self.normal, seed: 3)
        let stream = samples(300, seed: 2)
        var other = stream
        for row in 120..<300 { other[row].values = [Float](repeating: Float(row) * 9, count: 3) }
        var (first, second) = (start, start)

        let (one, two) = (verdicts(stream, by: &first), verdicts(other, by: &second))

        #expect(Array(one[..<120]) == Array(two[..<120]))
        #expect(Array(one[120...]) != Array(two[120...]))
        let isSound = one.allSatisfy { $0.score.isFinite && $0.score >= 0 && $0.threshold.isFinite }
        #expect(isSound)
    }

    @Test(
        "a stream interrupted and carried on as a copy gives the same scores, bit for bit",
        arguments: NamedSettings.all + NamedSettings.families)
    func copies(named: NamedSettings) throws {
        var whole = try DetectionPipeline(settings: named.settings, normal: Self.normal, seed: 3)
        var first = whole
        let stream = samples(100, seed: 4)
        let expected = stream.map { whole.push($0) }
        var found = stream[..<50].map { first.push($0) }
        var second = first
        // What is done with the first one must not be seen by its copy.
        for sample in stream[50..<70] { _ = first.push(sample) }
        found += stream[50...].map { second.push($0) }
        #expect(found == expected)
    }

    @Test("the same seed learns the same pipeline")
    func seeded() throws {
        let settings = PipelineSettings(windowLength: 4, detectors: [.denseAutoencoder(hidden: [4], epochs: 3)])
        var one = try DetectionPipeline(settings: settings, normal: Self.normal, seed: 5)
        var two = try DetectionPipeline(settings: settings, normal: Self.normal, seed: 5)
        var three = try DetectionPipeline(settings: settings, normal: Self.normal, seed: 6)
        let stream = samples(50, seed: 7)
        let expected = verdicts(stream, by: &one)
        let (same, different) = (verdicts(stream, by: &two), verdicts(stream, by: &three))
        #expect(expected == same)
        #expect(expected != different)
    }

    @Test("a channel that leaves the others is alarmed and strays most", arguments: [0, 1, 2])
    func deviations(channel: Int) throws {
        let settings = PipelineSettings(
            scaleFloor: 0.001, detectors: [.principalComponents(variance: 0.9)],
            threshold: .quantile(exceedance: 0.001, margin: 1))
        var pipeline = try DetectionPipeline(settings: settings, normal: Self.normal, seed: 1)
        for sample in samples(400, seed: 1) { _ = pipeline.push(sample) }
        var faulty = Self.normal[399]
        faulty.values = [0, 1, 2].map { Self.normal[395].values[$0] + ($0 == channel ? 4 * Float($0 + 1) : 0) }

        let verdict = pipeline.push(faulty)
        let deviations = pipeline.deviations()
        #expect(verdict.isAlarm)
        #expect(deviations.indices.max { deviations[$0] < deviations[$1] } == channel)
    }

    @Test("readings that are not finite, absurd or constant never give a score that is not a number")
    func hostile() throws {
        let constant = (0..<200).map { Sample(time: Timestamp(milliseconds: Int64($0)), values: [4, 4]) }
        for family in [
            DetectorFamily.principalComponents(variance: 0.9), .zScore, .baseline(.mahalanobis),
            .denseAutoencoder(hidden: [2], epochs: 2),
        ] {
            var pipeline = try DetectionPipeline(
                settings: PipelineSettings(windowLength: 3, detectors: [family]), normal: constant, seed: 1)
            for value in [4, .nan, .infinity, -.infinity, .greatestFiniteMagnitude, 0] as [Float] {
                let verdict = pipeline.push(Sample(time: Timestamp(milliseconds: 0), values: [value, 4]))
                #expect(!verdict.score.isNaN && verdict.score >= 0, "\(family), \(value)")
                let deviations = pipeline.deviations()
                let isFinite = deviations.allSatisfy { $0.isFinite }
                #expect(isFinite, "\(family), \(value)")
            }
        }
    }

    /// Alarmed samples among 2000 normal ones, of a pipeline that has learned from the 100 before: two slow loads in four
    /// channels, so that those 100 are worth about three that do not depend on each other.
    private func falseAlarms(seed: UInt64) throws -> Int {
        var generator = SeededGenerator(seed: seed)
        var loads = [0.0, 0.0]
        let stream = (0..<2100).map { number in
            for load in 0..<2 { loads[load] = 0.97 * loads[load] + 0.243 * generator.gaussian() }
            let values = [loads[0], loads[1], loads[0] + loads[1], loads[0] - loads[1]]
            return Sample(
                time: Timestamp(milliseconds: Int64(number) * 1000),
                values: values.map { Float($0 + 0.1 * generator.gaussian()) })
        }
        let settings = PipelineSettings(
            scaleFloor: 0.001, windowLength: 12, detectors: [.residual(variance: 0.9)], folds: 10,
            threshold: .quantile(exceedance: 0.001, margin: 1))
        var pipeline = try DetectionPipeline(settings: settings, normal: Array(stream[..<100]), seed: 1)
        return stream[100...].count { pipeline.push($0).isAlarm }
    }

    @Test("few rows to learn from make few false alarms, though neighbours are alike")
    func fewRows() throws {
        let alarms = try (1...16).map { try falseAlarms(seed: $0) }
        #expect(Double(alarms.reduce(0, +)) < 0.04 * 16 * 2000, "\(alarms)")
    }

    @Test("too few samples are refused")
    func few() {
        #expect(throws: DetectionError.tooFewWindows(found: 59, needed: 60)) {
            try DetectionPipeline(settings: PipelineSettings(), normal: samples(59, seed: 1), seed: 1)
        }
    }

    @Test("after a restart the past has no part in a score")
    func restart() throws {
        let settings = PipelineSettings(smoothing: 3, detrending: 30, windowLength: 5, scoreSpan: 4)
        var fresh = try DetectionPipeline(settings: settings, normal: Self.normal, seed: 1)
        var used = fresh
        for sample in samples(70, seed: 9) { _ = used.push(sample) }
        fresh.restart()
        used.restart()
        let stream = samples(40, seed: 10)
        let (expected, found) = (verdicts(stream, by: &fresh), verdicts(stream, by: &used))
        #expect(expected == found)
    }
}
