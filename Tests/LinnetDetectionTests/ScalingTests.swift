// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection
import LinnetDomain
import LinnetNN
import LinnetNumerics
import Testing

@Suite("What the scale of a channel is made of")
struct ScalingTests {
    /// Windows of two channels, normal around 100 with deviation 2; a tenth of them far away in the first channel.
    private static func windows(_ count: Int, outliers: Bool) -> [SampleWindow] {
        var generator = SeededGenerator(seed: 11)
        return (0..<count).map { number in
            let start = Timestamp(milliseconds: Int64(number) * 4000)
            let values = (0..<4).flatMap { _ in
                [100 + 2 * Float(generator.gaussian()), 100 + 2 * Float(generator.gaussian())]
            }
            let isOdd = outliers && number % 10 == 0
            return SampleWindow(
                start: start, end: start.adding(milliseconds: 3000), length: 4, channelCount: 2,
                values: isOdd ? values.enumerated().map { $0 % 2 == 0 ? $1 + 500 : $1 } : values)!
        }
    }

    private static func model(_ windows: [SampleWindow], _ rule: ScalingRule) throws -> ModelArtifact {
        try LocalModel.untrained(
            devices: [windows], architecture: { .denseAutoencoder(inputWidth: $0 * $1, hidden: [3]) }, scaling: rule,
            falseAlarmsPerDay: 1, seed: 1)
    }

    @Test("outliers blow up a standard and a min-max scale, and a robust one hardly moves")
    func outliers() throws {
        func scales(_ rule: ScalingRule, outliers: Bool) throws -> (model: Float, device: Float) {
            let windows = Self.windows(400, outliers: outliers)
            let model = try Self.model(windows, rule)
            #expect(model.scaler.rule == rule)
            return (model.scaler.scale[0], DeviceLevel.fit(windows, cohort: model.scaler).scale[0])
        }
        for rule in [ScalingRule.standard, .robust] {
            let clean = try scales(rule, outliers: false)
            #expect((1.8...2.2).contains(clean.model) && (1.8...2.2).contains(clean.device), "\(rule): \(clean)")
        }
        let robust = try scales(.robust, outliers: true)
        #expect(robust.model < 2.8 && robust.device < 2.8, "\(robust)")
        let standard = try scales(.standard, outliers: true)
        #expect(standard.model > 100 && standard.device > 100)
        #expect(try scales(.minMax, outliers: true).device > 240)
    }

    @Test("a min-max scale brings what was seen to -1 ... 1")
    func range() throws {
        let windows = Self.windows(400, outliers: false)
        let level = DeviceLevel.fit(windows, cohort: try Self.model(windows, .minMax).scaler)
        let rows = WindowStandardizer(level).matrix(windows)
        let values = rows.withUnsafeBufferPointer(Array.init)
        #expect(abs(values.min()! + 1) < 0.05 && abs(values.max()! - 1) < 0.05)
    }

    @Test(
        "the rule goes with the model's file, and a standard model's file says nothing of it",
        arguments: ScalingRule.allCases)
    func carried(_ rule: ScalingRule) throws {
        let model = try Self.model(Self.windows(60, outliers: false), rule)
        let bytes = model.encoded()
        #expect(try ModelArtifact(parsing: bytes) == model)
        #expect(String(decoding: bytes, as: UTF8.self).contains("scaling") == (rule != .standard))
    }

    @Test("a channel that stands still for more than half of the time has a robust scale all the same")
    func still() throws {
        let windows = (0..<100).map { number in
            let start = Timestamp(milliseconds: Int64(number) * 4000)
            let value: Float = number % 4 == 0 ? 3 : 0
            return SampleWindow(
                start: start, end: start.adding(milliseconds: 3000), length: 4, channelCount: 1,
                values: [Float](repeating: value, count: 4))!
        }
        let model = try Self.model(windows, .robust)
        #expect(model.scaler.scale[0] > 1)
        #expect(DeviceLevel.fit(windows, cohort: model.scaler).scale[0] > 1)
    }
}
