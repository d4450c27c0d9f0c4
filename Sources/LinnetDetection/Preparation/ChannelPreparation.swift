// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Prepares the readings of one channel, one after another: check → count to rate → fill in → transform → spread.
///
/// Only what has passed is used, so what comes out for one reading does not depend on any later one.
public struct ChannelPreparation: Sendable, Hashable {
    /// What was not as it should be since the start.
    public struct Counters: Sendable, Hashable {
        public var outOfRange = 0
        public var stuck = 0
        /// Counters that went back: they had wrapped, or begun anew.
        public var resets = 0
        /// States that are not in the list.
        public var unknownStates = 0
        /// Readings for which something stood in.
        public var filledIn = 0
    }

    private struct Counted: Sendable, Hashable {
        var value: Float
        var time: Timestamp
    }

    public let settings: ChannelSettings
    public private(set) var counters = Counters()

    /// The last two valid values, newest first, and how long ago the newest was, in readings.
    private var last: Float?
    private var beforeLast: Float?
    private var age = 0
    /// The mean of what was valid, exponentially weighted.
    private var usual: Float?
    private var counted: Counted?
    private var repeatedValue: Float?
    private var repeats = 0
    private var previous: Float?
    private var level: Float?

    /// Weight of a new value in what a channel usually reads.
    static let usualWeight: Float = 0.01

    public init(_ settings: ChannelSettings) { self.settings = settings }

    /// The channels that one becomes.
    public func channels(_ channel: Channel) -> [Channel] {
        switch settings.kind {
        case .gauge, .binary: [channel]
        case .counter: [Channel(name: channel.name, unit: channel.unit.isEmpty ? "1/s" : channel.unit + "/s")]
        case .categorical(let states): states.map { Channel(name: "\(channel.name)=\($0)", unit: "") }
        }
    }

    /// Takes in the next reading, and writes what it becomes to the end of `row`; NaN where there is nothing to stand in.
    ///
    /// - Parameter isGap: whether it has no neighbour before it: then nothing of before stands in or is compared with.
    public mutating func push(_ reading: Float, at time: Timestamp, isGap: Bool, to row: inout [Float]) {
        if isGap { forget() }
        var value = checked(reading)
        if settings.kind == .counter { value = rate(of: value, at: time) }
        let whole = filledIn(value)
        if case .categorical(let states) = settings.kind {
            for state in states { row.append(whole.isFinite ? (whole == Float(state) ? 1 : 0) : .nan) }
        } else {
            row.append(transformed(whole))
        }
    }

    private mutating func forget() {
        (last, beforeLast, age, counted, previous, level) = (nil, nil, 0, nil, nil, nil)
        (repeatedValue, repeats) = (nil, 0)
    }

    /// The reading, or NaN where it can not be believed.
    private mutating func checked(_ reading: Float) -> Float {
        guard reading.isFinite else { return .nan }
        if let minimum = settings.minimum, reading < minimum {
            counters.outOfRange += 1
            return .nan
        }
        if let maximum = settings.maximum, reading > maximum {
            counters.outOfRange += 1
            return .nan
        }
        if let stuckAfter = settings.stuckAfter {
            repeats = reading == repeatedValue ? min(repeats + 1, stuckAfter) : 1
            repeatedValue = reading
            guard repeats < stuckAfter else {
                counters.stuck += 1
                return .nan
            }
        }
        switch settings.kind {
        case .gauge, .counter: return reading
        case .binary: return reading == 0 ? 0 : 1
        case .categorical(let states):
            guard states.contains(where: { Float($0) == reading }) else {
                counters.unknownStates += 1
                return .nan
            }
            return reading
        }
    }

    private mutating func rate(of value: Float, at time: Timestamp) -> Float {
        guard value.isFinite else { return .nan }
        defer { counted = Counted(value: value, time: time) }
        guard let counted else { return .nan }
        let milliseconds = time.milliseconds(since: counted.time)
        guard value >= counted.value else {
            counters.resets += 1
            return .nan
        }
        return milliseconds > 0 ? (value - counted.value) / (Float(milliseconds) / 1000) : .nan
    }

    private mutating func filledIn(_ value: Float) -> Float {
        guard value.isFinite else {
            // Counting on without end would overflow after a sensor has been gone for long enough.
            age = min(age + 1, Int(Int32.max))
            let standIn = standIn()
            if standIn.isFinite { counters.filledIn += 1 }
            return standIn
        }
        (beforeLast, last, age) = (age == 0 ? last : nil, value, 0)
        usual = usual.map { $0 + Self.usualWeight * (value - $0) } ?? value
        return value
    }

    private func standIn() -> Float {
        // Between two states, or off and on, there is nothing.
        let isQuantity = settings.kind == .gauge || settings.kind == .counter
        switch settings.missing {
        case .mask: return (isQuantity ? usual : last ?? usual) ?? .nan
        case .hold, .interpolate:
            guard age <= settings.missingSamples, let last else { return .nan }
            guard settings.missing == .interpolate, isQuantity, let beforeLast else { return last }
            return last + Float(age) * (last - beforeLast)
        }
    }

    private mutating func transformed(_ value: Float) -> Float {
        guard value.isFinite else { return .nan }
        switch settings.transform {
        case .none: return value
        case .difference:
            defer { previous = value }
            return previous.map { value - $0 } ?? 0
        case .detrend(let span):
            let before = level ?? value
            level = before + 2 / (Float(max(1, span)) + 1) * (value - before)
            return value - before
        }
    }
}
