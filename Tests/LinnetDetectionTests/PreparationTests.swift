// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNumerics
import Testing

@Suite("Preparation of readings")
struct PreparationTests {
    private func time(_ milliseconds: Int64) -> Timestamp { Chain.epoch.adding(milliseconds: milliseconds) }

    /// What a channel becomes, a reading a second.
    private func prepare(_ settings: ChannelSettings, _ readings: [Float]) -> (rows: [[Float]], ChannelPreparation) {
        var preparation = ChannelPreparation(settings)
        let rows = readings.enumerated().map { second, reading in
            var row: [Float] = []
            preparation.push(reading, at: time(Int64(second) * 1000), isGap: false, to: &row)
            return row
        }
        return (rows, preparation)
    }

    private func values(_ settings: ChannelSettings, _ readings: [Float]) -> [Float] {
        prepare(settings, readings).rows.map { $0[0] }
    }

    /// NaN equals NaN here.
    private func same(_ left: [Float], _ right: [Float]) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
    }

    @Test("a missing reading is held, or the line goes on, for so many readings, or what is usual stands in for ever")
    func missing() {
        let readings: [Float] = [1, 2, .nan, .nan, .nan, 5]
        let hold = ChannelSettings(name: "a", missing: .hold, missingSamples: 2)
        #expect(same(values(hold, readings), [1, 2, 2, 2, .nan, 5]))
        let line = ChannelSettings(name: "a", missing: .interpolate, missingSamples: 2)
        #expect(same(values(line, readings), [1, 2, 3, 4, .nan, 5]))
        let mask = values(ChannelSettings(name: "a", missing: .mask, missingSamples: 0), readings)
        #expect(mask[2] == mask[4] && (1...2).contains(mask[2]))
        #expect(values(hold, [.nan, 1])[0].isNaN)
    }

    @Test("a counter becomes a rate in a second, and one that wraps says nothing at that moment")
    func counter() {
        let settings = ChannelSettings(name: "energy", kind: .counter, missingSamples: 0)
        let (rows, preparation) = prepare(settings, [10, 12, 16, 3, 4])
        #expect(same(rows.map { $0[0] }, [.nan, 2, 4, .nan, 1]))
        #expect(preparation.counters.resets == 1)
        #expect(preparation.channels(Channel(name: "energy", unit: "kWh")) == [Channel(name: "energy", unit: "kWh/s")])
    }

    @Test("a state becomes a channel of its own for each, off and on 0 and 1")
    func states() {
        let settings = ChannelSettings(name: "mode", kind: .categorical([0, 2, 5]), missingSamples: 1)
        let (rows, preparation) = prepare(settings, [0, 5, 7, .nan, 2])
        #expect(rows[0] == [1, 0, 0] && rows[1] == [0, 0, 1] && rows[2] == [0, 0, 1] && rows[4] == [0, 1, 0])
        #expect(rows[3].allSatisfy { $0.isNaN })
        #expect(preparation.counters.unknownStates == 1)
        #expect(preparation.channels(Channel(name: "mode")).map(\.name) == ["mode=0", "mode=2", "mode=5"])
        #expect(values(ChannelSettings(name: "on", kind: .binary), [0, 3, -1, 0]) == [0, 1, 1, 0])
    }

    @Test("readings out of range and of a stuck sensor are missing, and counted")
    func checks() {
        let range = ChannelSettings(name: "a", missingSamples: 0, minimum: 0, maximum: 10)
        let (rows, preparation) = prepare(range, [5, -1, 11, 10])
        #expect(same(rows.map { $0[0] }, [5, .nan, .nan, 10]))
        #expect(preparation.counters.outOfRange == 2)
        let stuck = prepare(ChannelSettings(name: "a", missingSamples: 0, stuckAfter: 3), [1, 1, 1, 1, 2])
        #expect(same(stuck.rows.map { $0[0] }, [1, 1, .nan, .nan, 2]))
        #expect(stuck.1.counters.stuck == 2)
    }

    @Test("differences and slow drift")
    func transforms() {
        #expect(values(ChannelSettings(name: "a", transform: .difference), [1, 4, 2]) == [0, 3, -2])
        let ramp = (0..<2000).map { Float($0) * 0.01 + ($0 == 1999 ? 5 : 0) }
        let flat = values(ChannelSettings(name: "a", transform: .detrend(span: 20)), ramp)
        #expect(abs(flat[1998]) < 0.2 && flat[1999] > 4.8)
    }

    @Test("after a gap nothing of before stands in or is compared with")
    func gap() {
        var preparation = ChannelPreparation(ChannelSettings(name: "a", kind: .counter))
        var row: [Float] = []
        preparation.push(5, at: time(0), isGap: false, to: &row)
        preparation.push(50, at: time(9_000_000), isGap: true, to: &row)
        preparation.push(.nan, at: time(9_001_000), isGap: false, to: &row)
        #expect(row.allSatisfy { $0.isNaN })
    }

    /// Every setting there is, over and over.
    static let everySetting: [ChannelSettings] = {
        let kinds: [ChannelSettings.Kind] = [.gauge, .counter, .binary, .categorical([0, 1, 2])]
        let transforms: [ChannelSettings.Transform] = [.none, .difference, .detrend(span: 5)]
        return kinds.flatMap { kind in
            transforms.flatMap { transform in
                ChannelSettings.Missing.allCases.map { missing in
                    ChannelSettings(
                        name: "a", kind: kind, missing: missing, minimum: -1, maximum: 5, stuckAfter: 4,
                        transform: transform)
                }
            }
        }
    }()

    @Test("what comes out for a reading does not depend on any later one", arguments: everySetting)
    func causal(_ settings: ChannelSettings) {
        var generator = SeededGenerator(seed: 4)
        func draw() -> Float {
            let value = Float(Int(generator.uniform() * 5))
            return generator.uniform() < 0.2 ? .nan : value
        }
        let past = (0..<60).map { _ in draw() }
        let left = prepare(settings, past + (0..<20).map { _ in draw() }).rows
        let right = prepare(settings, past + (0..<20).map { _ in draw() }).rows
        for index in past.indices { #expect(same(left[index], right[index])) }
    }

    @Test("channels of different rates come out on one clock, a slow one for as long as it counts")
    func alignment() {
        var clock = ClockAlignment(channels: 2, intervalMilliseconds: 100, longestAgeMilliseconds: 250)
        var rows: [Sample] = []
        func push(_ milliseconds: Int64, _ values: [Float]) {
            rows += clock.push(Sample(time: time(milliseconds), values: values))
        }
        push(0, [1, 10])
        push(90, [2, .nan])
        // Out of order, and still in time for the tick at 100.
        push(70, [1.5, 11])
        push(210, [3, .nan])
        push(60, [0, 0])
        push(410, [4, .nan])
        #expect(rows.map { $0.time.milliseconds(since: Chain.epoch) } == [0, 100, 200, 300, 400])
        #expect(rows.map { $0.values[0] } == [1, 2, 2, 3, 3])
        #expect(same(rows.map { $0.values[1] }, [10, 11, 11, 11, .nan]))
        #expect(clock.lateSamples == 1)
    }

    @Test("a clock begins anew after a pause, and after it was set back")
    func pause() {
        var clock = ClockAlignment(channels: 1, intervalMilliseconds: 100, longestAgeMilliseconds: 100)
        _ = clock.push(Sample(time: time(0), values: [1]))
        #expect(clock.push(Sample(time: time(1_000_000), values: [2])).isEmpty)
        let next = clock.push(Sample(time: time(1_000_050), values: [3]))
        #expect(next.map(\.values) == [[2]] && next[0].followsGap)
        #expect(clock.push(Sample(time: time(0), values: [4])).isEmpty)
        #expect(clock.push(Sample(time: time(50), values: [5])).map(\.values) == [[4]])
    }

    @Test("a prepared source has the channels that come out, and skips what repeats a time")
    func source() async throws {
        let base = ListedSource(
            channels: [Channel(name: "energy"), Channel(name: "mode")],
            samples: [0, 1000, 1000, 2000].enumerated().map { number, milliseconds in
                Sample(time: time(Int64(milliseconds)), values: [Float(number), 1])
            })
        var source = try PreparedSource(
            base,
            settings: [
                ChannelSettings(name: "energy", kind: .counter),
                ChannelSettings(name: "mode", kind: .categorical([0, 1])),
            ], maximumGapMilliseconds: 5000)
        #expect(source.channels.map(\.name) == ["energy", "mode=0", "mode=1"])
        var rows: [[Float]] = []
        while let sample = try await source.next() { rows.append(sample.values) }
        #expect(rows.count == 4 && rows[2].isEmpty)
        #expect(rows[0][0].isNaN && rows[1] == [1, 0, 1] && rows[3] == [2, 0, 1])
        #expect(throws: DetectionError.self) {
            try PreparedSource(base, settings: [ChannelSettings(name: "none")], maximumGapMilliseconds: 1)
        }
    }
}

/// Delivers a list of samples.
struct ListedSource: DataSource {
    let channels: [Channel]
    var samples: [Sample]
    let intervalMilliseconds = 1000

    mutating func next() async throws -> Sample? { samples.isEmpty ? nil : samples.removeFirst() }
}
