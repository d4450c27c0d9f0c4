// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNumerics
import Testing

/// A machine that idles and runs in turns of 50 samples: the state, a load that is 1 or 20, and a vibration that follows it.
private func machine(_ count: Int, seed: UInt64, states: [Float] = [0, 1]) -> [Sample] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { number in
        let state = states[number / 50 % states.count]
        let load = state == 0 ? 1 + 0.05 * Float(generator.gaussian()) : 20 * state + Float(generator.gaussian())
        let vibration = load / 4 + 0.02 * load * Float(generator.gaussian())
        return Sample(time: Timestamp(milliseconds: Int64(number) * 1000), values: [state, load, vibration])
    }
}

@Suite("Operating states")
struct RegimeTests {
    private static let settings = PipelineSettings(
        scaleFloor: 0.001, regimeChannel: 0, detectors: [.principalComponents(variance: 0.9)], folds: 4)
    private static let normal = machine(1000, seed: 1)

    private func alarms(_ settings: PipelineSettings, over stream: [Sample]) throws -> [Bool] {
        var pipeline = try DetectionPipeline(settings: settings, normal: Self.normal, seed: 1)
        return stream.map { pipeline.push($0).isAlarm }
    }

    @Test("what is normal while it runs is a fault while it idles")
    func ownNormal() throws {
        var stream = machine(100, seed: 2)
        // Idling at a seventh of the running load: in the middle of all that has been seen.
        for row in 20..<40 {
            stream[row].values[1] = 3
            stream[row].values[2] = 0.75
        }
        var pooled = Self.settings
        pooled.regimeChannel = nil
        let own = try alarms(Self.settings, over: stream)
        let together = try alarms(pooled, over: stream)
        #expect(own[20..<40].count { $0 } == 20)
        #expect(together[20..<40].count { $0 } == 0)
    }

    @Test("changes between known states are no alarms")
    func changes() throws {
        let alarms = try alarms(Self.settings, over: machine(2000, seed: 3))
        #expect(Double(alarms.count { $0 }) < 0.02 * 2000)
    }

    @Test("a state that was never seen, is missing or absurd, is judged by what is normal over all states")
    func fallback() throws {
        var pipeline = try DetectionPipeline(settings: Self.settings, normal: Self.normal, seed: 1)
        for state in [7, 1e30, .infinity, -1e30, 0.4] as [Float] {
            let verdict = pipeline.push(Sample(time: Timestamp(milliseconds: 0), values: [state, 10, 2.5]))
            #expect(verdict.score.isFinite && verdict.threshold.isFinite)
            #expect(state == 0.4 || !verdict.isAlarm, "state \(state)")
        }
    }

    @Test("a missing state is taken to be what it was")
    func missing() {
        var standardizer = RegimeStandardizer(
            fitting: Self.normal.map(\.values), channel: 0, floor: 0.001, limit: 10)
        var row: [Float] = [0, 0, 0]
        standardizer.write([1, 20, 5], to: &row)
        #expect(standardizer.regime == 1 && abs(row[1]) < 1)
        standardizer.write([.nan, 20, 5], to: &row)
        #expect(standardizer.regime == 1 && abs(row[1]) < 1)
        standardizer.restart()
        #expect(standardizer.regime == nil)
    }

    @Test("a state seen too rarely has no normal of its own, and a measurement is no state")
    func rare() {
        var rows = Self.normal.map(\.values)
        for row in 0..<RegimeStandardizer.minimumSamples - 1 { rows[row][0] = 3 }
        let states = RegimeStandardizer(fitting: rows, channel: 0, floor: 0.001, limit: 10)
        #expect(states.knownRegimes == [0, 1])
        let measured = (0..<4000).map { [Float($0 / 100), 1] }
        #expect(RegimeStandardizer(fitting: measured, channel: 0, floor: 0.001, limit: 10).knownRegimes.isEmpty)
        #expect(RegimeStandardizer(fitting: rows, channel: 9, floor: 0.001, limit: 10).channel == nil)
    }
}
