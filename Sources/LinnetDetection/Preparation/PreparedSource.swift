// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Prepares what any source delivers, so that whoever reads it, to learn, to watch or to replay, sees the same.
public struct PreparedSource<Base: DataSource>: DataSource {
    private var base: Base
    private var preparations: [ChannelPreparation]
    private var alignment: ClockAlignment?
    private var waiting: [Sample] = []
    private var lastTime: Timestamp?
    private let maximumGap: Int64
    public let channels: [Channel]
    public let intervalMilliseconds: Int

    /// - Parameters:
    ///   - settings: of some channels; the others are taken as they are.
    ///   - maximumGapMilliseconds: a longer pause than this leaves nothing to stand in or to compare with.
    ///   - clockMilliseconds: the interval of the clock that all channels are put on; `nil` keeps the source's own times.
    ///   - longestAgeMilliseconds: how old a reading may be on that clock.
    /// - Throws: ``DetectionError/source(_:)`` for settings of a channel that the source does not have.
    public init(
        _ base: Base, settings: [ChannelSettings], maximumGapMilliseconds: Int, clockMilliseconds: Int? = nil,
        longestAgeMilliseconds: Int = 0
    ) throws(DetectionError) {
        for setting in settings where !base.channels.contains(where: { $0.name == setting.name }) {
            let known = base.channels.prefix(20).map(\.name).joined(separator: ", ")
            throw .source("there is no channel \"\(setting.name.prefix(40))\" to prepare; there are \(known)")
        }
        self.base = base
        preparations = base.channels.map { channel in
            // Untouched, a missing value goes through, and is filled in where windows are made.
            ChannelPreparation(
                settings.first { $0.name == channel.name } ?? ChannelSettings(name: channel.name, missingSamples: 0))
        }
        channels = zip(preparations, base.channels).flatMap { $0.channels($1) }
        alignment = clockMilliseconds.map {
            ClockAlignment(
                channels: base.channels.count, intervalMilliseconds: $0, longestAgeMilliseconds: longestAgeMilliseconds)
        }
        intervalMilliseconds = clockMilliseconds ?? base.intervalMilliseconds
        maximumGap = Int64(max(0, maximumGapMilliseconds))
    }

    public mutating func next() async throws -> Sample? {
        while waiting.isEmpty {
            guard let sample = try await base.next() else { return nil }
            waiting = alignment?.push(sample) ?? [sample]
        }
        return prepared(waiting.removeFirst())
    }

    private mutating func prepared(_ sample: Sample) -> Sample {
        // What windows are made of decides on rows of the wrong width and on times that go back.
        guard sample.values.count == preparations.count else { return sample }
        let elapsed = lastTime.map { sample.time.milliseconds(since: $0) }
        guard elapsed.map({ $0 > 0 || $0 < -maximumGap }) ?? true else {
            return Sample(time: sample.time, values: [], followsGap: sample.followsGap)
        }
        let isGap = sample.followsGap || elapsed.map { $0 > maximumGap || $0 < 0 } ?? false
        lastTime = sample.time
        var row: [Float] = []
        row.reserveCapacity(channels.count)
        for channel in preparations.indices {
            preparations[channel].push(sample.values[channel], at: sample.time, isGap: isGap, to: &row)
        }
        return Sample(time: sample.time, values: row, followsGap: sample.followsGap)
    }
}
