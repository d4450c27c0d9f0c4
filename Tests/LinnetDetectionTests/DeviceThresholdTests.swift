// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDetection
import LinnetDomain
import LinnetNumerics
import Testing

@Suite("Thresholds of a device")
struct DeviceThresholdTests {
    private static let day: Int64 = 86_400_000
    private static let windowsPerDay = 8640.0

    /// Surprises of normal windows: `-log10` of uniform numbers.
    private func surprises(_ count: Int, seed: UInt64) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in -log10(1 - generator.uniform()) }
    }

    @Test("every kind keeps near what it promises on scores it was not fitted on", arguments: ThresholdKind.allCases)
    func promises(_ kind: ThresholdKind) throws {
        var fitted = try kind.fit(surprises(4000, seed: 1), exceedance: 0.005)
        #expect(fitted.exceedance <= 0.005)
        var above = 0
        for score in surprises(20_000, seed: 2) {
            if score > fitted.level { above += 1 }
            guard fitted.peaks != nil else { continue }
            _ = fitted.peaks?.handle(score)
            fitted.level = fitted.peaks?.threshold ?? fitted.level
        }
        #expect((30...250).contains(above), "\(above) of 20000, 100 wanted")
    }

    @Test("a conformal threshold promises no less than one in the number of scores")
    func conformal() throws {
        let fitted = try ThresholdKind.conformal.fit(surprises(99, seed: 3), exceedance: 1e-6)
        #expect(fitted.exceedance == 0.01)
        #expect(fitted.level == surprises(99, seed: 3).max())
        #expect(throws: DetectionError.self) { try ThresholdKind.conformal.fit([1, 2], exceedance: 0.1) }
    }

    /// A calibration whose threshold is 4.
    private var calibration: Calibration {
        get throws {
            var calibration = Calibration(
                level: DeviceLevel(center: [0], scale: [1]), threshold: 4, windows: 400,
                expectedFalseAlarmsPerDay: 0.864)
            calibration.tail = try TailCalibration(fitting: (0..<400).map { Double($0) / 400 })
            return calibration
        }
    }

    /// Feeds a score every ten seconds for some days; answers the level after each day.
    private func levels(
        _ threshold: inout DeviceThreshold, days: Int, _ score: (_ day: Double, _ normal: Double) -> Double
    ) -> [Double] {
        var generator = SeededGenerator(seed: 8)
        var levels: [Double] = []
        for number in 0..<days * Int(Self.windowsPerDay) {
            let normal = -log10(1 - generator.uniform())
            let time = Chain.epoch.adding(milliseconds: Int64(number) * 10_000)
            _ = threshold.handle(score(Double(number) / Self.windowsPerDay, normal), at: time)
            if (number + 1).isMultiple(of: Int(Self.windowsPerDay)) { levels.append(threshold.level) }
        }
        return levels
    }

    @Test("on a device as it was calibrated the level stays where it was")
    func steady() throws {
        var threshold = DeviceThreshold(try calibration, windowsPerDay: Self.windowsPerDay, at: Chain.epoch)
        let levels = levels(&threshold, days: 5) { _, normal in normal }
        #expect(levels.allSatisfy { (3.2...5).contains($0) }, "\(levels)")
    }

    @Test("nobody can talk a device into silence: the level rises by a tenth a day, and to its double in all")
    func bounded() throws {
        var threshold = DeviceThreshold(try calibration, windowsPerDay: Self.windowsPerDay, at: Chain.epoch)
        // Always right under what would alarm, and far more than that from the tenth day on.
        let slow = levels(&threshold, days: 20) { day, _ in day < 10 ? 3.9 * pow(1.1, day) : 1000 }
        for (day, level) in slow.enumerated() { #expect(level <= 4 * pow(1.1, Double(day + 1)) + 1e-9) }
        #expect(slow.allSatisfy { $0 <= 8 })
        #expect(threshold.evidence.count == 32 && threshold.evidence.allSatisfy { $0.scores >= 250 })
    }

    @Test("a device whose normal has changed alarms no more after some days")
    func changed() throws {
        var threshold = DeviceThreshold(try calibration, windowsPerDay: Self.windowsPerDay, at: Chain.epoch)
        let levels = levels(&threshold, days: 6) { _, normal in 4.4 + 0.1 * normal }
        #expect(try #require(levels.last) > 4.7)
    }

    @Test("a threshold goes on after a restart where it stood, and begins anew with another model")
    func restart() throws {
        var threshold = DeviceThreshold(try calibration, windowsPerDay: Self.windowsPerDay, at: Chain.epoch)
        _ = levels(&threshold, days: 3) { _, _ in 3.9 }
        let memory = try JSONRoundTrip.of(threshold.memory)
        var again = DeviceThreshold(try calibration, windowsPerDay: Self.windowsPerDay, at: Chain.epoch)
        again.restore(memory)
        #expect(again.level == threshold.level && again.evidence == threshold.evidence)
        var other = try calibration
        other.threshold = 5
        var fresh = DeviceThreshold(other, windowsPerDay: Self.windowsPerDay, at: Chain.epoch)
        fresh.restore(memory)
        #expect(fresh.level == 5)
    }

    @Test("switched off, or with a score that is an error, it stays as calibrated")
    func off() throws {
        var bare = try calibration
        bare.tail = nil
        for (value, follows) in [(try calibration, false), (bare, true)] {
            var threshold = DeviceThreshold(
                value, windowsPerDay: Self.windowsPerDay, follows: follows, at: Chain.epoch)
            #expect(levels(&threshold, days: 2) { _, _ in 3.9 } == [4, 4])
        }
    }

    @Test("scores that are no numbers move nothing")
    func notANumber() throws {
        var threshold = DeviceThreshold(try calibration, windowsPerDay: Self.windowsPerDay, at: Chain.epoch)
        let levels = levels(&threshold, days: 2) { _, normal in normal < 0.5 ? .nan : normal }
        #expect(levels.allSatisfy { $0.isFinite && $0 <= 4 * 1.21 + 1e-9 })
    }
}
