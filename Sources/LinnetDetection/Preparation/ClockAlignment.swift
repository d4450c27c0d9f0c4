// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Puts channels that are read at different rates, and readings that come when they come, on one clock.
///
/// At each tick every channel has its last reading, for at most so long; then it is missing. A tick is given out as soon as
/// something later has come, and nothing later has a part in it. Readings that are older than the last tick come too late, and
/// of two at one time the later one counts.
public struct ClockAlignment: Sendable, Hashable {
    public let intervalMilliseconds: Int64
    /// How old a reading may be at a tick.
    public let longestAgeMilliseconds: Int64
    /// Samples that came too late.
    public private(set) var lateSamples = 0

    private var values: [Float]
    private var times: [Timestamp?]
    /// The next one to be given out.
    private var tick: Timestamp?
    /// Whether the next one has no neighbour before it.
    private var followsGap = false

    /// Most ticks without anything new: a longer pause is a gap, and the clock begins anew after it.
    static let longestPauseTicks: Int64 = 1000

    public init(channels: Int, intervalMilliseconds: Int, longestAgeMilliseconds: Int) {
        self.intervalMilliseconds = Int64(max(1, intervalMilliseconds))
        self.longestAgeMilliseconds = Int64(max(0, longestAgeMilliseconds))
        values = [Float](repeating: .nan, count: max(0, channels))
        times = [Timestamp?](repeating: nil, count: max(0, channels))
    }

    /// Takes in what was read at one time; a channel that was not read then is NaN.
    ///
    /// - Returns: the ticks that have passed before it, oldest first.
    public mutating func push(_ sample: Sample) -> [Sample] {
        guard sample.values.count == values.count else {
            lateSamples += 1
            return []
        }
        guard let first = tick, !sample.followsGap, !isPause(before: sample.time) else {
            begin(with: sample)
            return []
        }
        guard sample.time.milliseconds(since: first) > -intervalMilliseconds else {
            lateSamples += 1
            return []
        }
        var ticks: [Sample] = []
        var next = first
        while sample.time.milliseconds(since: next) > 0 {
            ticks.append(Sample(time: next, values: row(at: next), followsGap: followsGap))
            followsGap = false
            next = next.adding(milliseconds: intervalMilliseconds)
        }
        tick = next
        keep(sample)
        return ticks
    }

    /// A clock that was set back so far is a pause as well: the ticks would otherwise stand until it has caught up.
    private func isPause(before time: Timestamp) -> Bool {
        guard let tick else { return false }
        return abs(time.milliseconds(since: tick)) > Self.longestPauseTicks * intervalMilliseconds
    }

    private mutating func begin(with sample: Sample) {
        followsGap = sample.followsGap || tick != nil
        times = times.map { _ in nil }
        tick = sample.time
        keep(sample)
    }

    private mutating func keep(_ sample: Sample) {
        for channel in values.indices where sample.values[channel].isFinite {
            if let time = times[channel], sample.time < time { continue }
            values[channel] = sample.values[channel]
            times[channel] = sample.time
        }
    }

    private func row(at tick: Timestamp) -> [Float] {
        values.indices.map { channel in
            guard let time = times[channel], (0...longestAgeMilliseconds).contains(tick.milliseconds(since: time))
            else {
                return .nan
            }
            return values[channel]
        }
    }
}
