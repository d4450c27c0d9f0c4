// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import Testing

@Suite("Windower")
struct WindowerTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    private func windower(length: Int = 4, stride: Int = 2, hold: Int = 1) -> Windower {
        Windower(
            contract: SignalContract(
                channels: [Channel(name: "a"), Channel(name: "b")], intervalMilliseconds: 100, windowLength: length),
            stride: stride, missing: .hold(hold), maximumGapMilliseconds: 250)
    }

    private func sample(_ step: Int, _ a: Float, _ b: Float = 0) -> Sample {
        Sample(time: start.adding(milliseconds: Int64(step) * 100), values: [a, b])
    }

    @Test("the first window comes when it is full, the next ones every stride, oldest sample first")
    func strides() {
        var windower = windower()
        let windows = (0..<8).compactMap { windower.push(sample($0, Float($0), Float(-$0))) }

        #expect(windows.map(\.start.milliseconds) == [1_000_000, 1_000_200, 1_000_400])
        #expect(windows.first?.values == [0, 0, 1, -1, 2, -2, 3, -3])
        #expect(windows.first?.mean(of: 1) == -1.5)
    }

    @Test("a window never spans a gap longer than maximumGap")
    func gap() {
        var windower = windower()
        var windows: [SampleWindow] = []
        for step in [0, 1, 2, 5, 6, 7, 8] {
            if let window = windower.push(sample(step, Float(step))) { windows.append(window) }
        }

        #expect(windows.map(\.start) == [sample(5, 0).time])
        #expect(windower.counters.gaps == 1)
    }

    @Test("samples that repeat a time, go back, or have the wrong width are thrown away and counted")
    func disorder() {
        var windower = windower(length: 2, stride: 1)
        _ = windower.push(sample(1, 1))
        #expect(windower.push(sample(1, 9)) == nil)
        #expect(windower.push(sample(0, 9)) == nil)
        #expect(windower.push(Sample(time: sample(2, 0).time, values: [1])) == nil)

        #expect(windower.push(sample(2, 2))?.values == [1, 0, 2, 0])
        #expect(windower.counters.discardedSamples == 3)
    }

    @Test("the last value stands in for a missing one only as long as the policy allows")
    func missing() {
        var windower = windower(length: 2, stride: 1, hold: 1)
        _ = windower.push(sample(0, 5))
        #expect(windower.push(sample(1, .nan))?.values == [5, 0, 5, 0])
        #expect(windower.push(sample(2, .nan)) == nil)
        #expect(windower.push(sample(3, 7)) == nil)
        #expect(windower.push(sample(4, 8))?.values == [7, 0, 8, 0])

        #expect(windower.counters.missingCells == 2)
        #expect(windower.counters.brokenWindows == 1)
    }

    @Test("a channel that was never there gives no window at all")
    func absent() {
        var windower = windower(length: 1, stride: 1)
        #expect(windower.push(sample(0, .infinity)) == nil)
        #expect(windower.push(sample(1, 1))?.values == [1, 0])
    }
}
