// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Keeps the last samples of one device, and hands out a full window every `stride` samples.
///
///     var windower = Windower(contract: contract, stride: 4, missing: .hold(3), maximumGapMilliseconds: 2000)
///     if let window = windower.push(sample) { score(window) }
///
/// A gap longer than the maximum empties it: a window never spans an outage. Samples that repeat a time or go back a
/// little in it are thrown away and counted; so are samples of the wrong width. One that goes back further than the
/// maximum gap says that a clock was set back: that is a gap as well, or the device would not be watched until the clock
/// has caught up.
public struct Windower: Sendable {
    /// What did not go as it should since the start.
    public struct Counters: Sendable, Equatable {
        /// Places where two samples were no neighbours: too long a time between them, a clock that was set back, or a
        /// source that left something out.
        public var gaps = 0
        /// Values that were not there.
        public var missingCells = 0
        /// Samples that repeat a time, go back in it, or have the wrong number of values.
        public var discardedSamples = 0
        /// Windows given up because a channel was missing for longer than its last value may stand in.
        public var brokenWindows = 0
    }

    public let length: Int
    public let stride: Int
    public let channelCount: Int
    public let missing: MissingValuePolicy
    public let maximumGapMilliseconds: Int
    public private(set) var counters = Counters()

    /// The newest samples, oldest first; at most `length`.
    private var times: [Timestamp] = []
    private var values: [Float] = []
    /// Per channel: the last value that was there, and for how many samples it has stood in since.
    private var last: [Float]
    private var held: [Int]
    private var lastTime: Timestamp?
    /// Samples since the last window was handed out; starts full, so that the first comes as soon as it is whole.
    private var sinceWindow: Int

    /// - Parameters:
    ///   - contract: channels and window length; both at least 1.
    ///   - stride: samples from one window to the next, at least 1.
    public init(contract: SignalContract, stride: Int, missing: MissingValuePolicy, maximumGapMilliseconds: Int) {
        length = max(1, contract.windowLength)
        channelCount = max(1, contract.channels.count)
        self.stride = max(1, stride)
        self.missing = missing
        self.maximumGapMilliseconds = max(0, maximumGapMilliseconds)
        last = [Float](repeating: .nan, count: channelCount)
        held = [Int](repeating: 0, count: channelCount)
        sinceWindow = self.stride
    }

    /// Takes in one sample; answers a window when one is due.
    public mutating func push(_ sample: Sample) -> SampleWindow? {
        guard sample.values.count == channelCount else {
            counters.discardedSamples += 1
            return nil
        }
        if let lastTime {
            let elapsed = sample.time.milliseconds(since: lastTime)
            let isGap = sample.followsGap || elapsed > maximumGap || elapsed < -maximumGap
            guard isGap || elapsed > 0 else {
                counters.discardedSamples += 1
                return nil
            }
            if isGap {
                counters.gaps += 1
                empty()
            }
        }
        lastTime = sample.time
        guard let row = filled(sample.values) else {
            if !times.isEmpty { counters.brokenWindows += 1 }
            emptyWindow()
            return nil
        }
        append(row, at: sample.time)
        return due()
    }

    private var maximumGap: Int64 { Int64(maximumGapMilliseconds) }

    /// The sample with held values in place of missing ones; `nil` if a channel has nothing that may stand in.
    private mutating func filled(_ row: [Float]) -> [Float]? {
        var row = row
        var isWhole = true
        for channel in 0..<channelCount {
            if row[channel].isFinite {
                last[channel] = row[channel]
                held[channel] = 0
                continue
            }
            counters.missingCells += 1
            // Counting on without end would overflow after a sensor has been gone for long enough.
            held[channel] = min(held[channel] + 1, missing.maximumHeldSamples + 1)
            if last[channel].isFinite, held[channel] <= missing.maximumHeldSamples {
                row[channel] = last[channel]
            } else {
                isWhole = false
            }
        }
        return isWhole ? row : nil
    }

    private mutating func append(_ row: [Float], at time: Timestamp) {
        if times.count == length {
            times.removeFirst()
            values.removeFirst(channelCount)
        }
        times.append(time)
        values.append(contentsOf: row)
        sinceWindow = min(sinceWindow + 1, stride)
    }

    private mutating func due() -> SampleWindow? {
        guard times.count == length, sinceWindow >= stride, let start = times.first, let end = times.last else {
            return nil
        }
        sinceWindow = 0
        return SampleWindow(start: start, end: end, length: length, channelCount: channelCount, values: values)
    }

    private mutating func emptyWindow() {
        times.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        sinceWindow = stride
    }

    private mutating func empty() {
        emptyWindow()
        for channel in 0..<channelCount {
            last[channel] = .nan
            held[channel] = 0
        }
    }
}
