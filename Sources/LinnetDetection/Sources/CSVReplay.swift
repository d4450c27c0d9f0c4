// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Replays a recording: a CSV file with a header, streamed row by row.
///
/// Empty cells and `NaN`, `NA`, `null`, `none` or `?` are missing values. Anything else that is no number is an error that
/// names the file, the line and the column.
public struct CSVReplay: DataSource {
    public let settings: CSVReplaySettings
    public let intervalMilliseconds: Int
    public var channels: [Channel] { header.channels }

    private let header: CSVHeader
    private let pacer: Pacer
    private var reader: LineReader
    /// The file's first time, and what is added to a row's time because of earlier laps and rows left out.
    private let firstTime: Timestamp
    private var offset: Int64 = 0
    private var lastTime: Timestamp
    private var isSkipping = false
    /// Whether the next sample is no neighbour of the one before.
    private var followsGap = false

    /// Rows that the sampling interval is taken from.
    private static let sampledRows = 200
    /// The pause between two laps, and in place of rows left out, in intervals: no window should span it.
    public static let pauseIntervals: Int64 = 50

    /// Opens the file and reads its header and first rows.
    ///
    /// - Throws: ``DetectionError`` if the file can not be read, or nothing in it can be a channel.
    public init(settings: CSVReplaySettings, pacer: Pacer) throws(DetectionError) {
        guard settings.speed.isFinite, settings.speed > 0 else {
            throw .source("\(settings.path): the speed is \(settings.speed); it must be above 0")
        }
        var reader = try LineReader(path: settings.path)
        guard let first = try reader.next() else { throw .source("\(settings.path): the file is empty") }
        let header = try CSVHeader(first, settings: settings)
        var times: [Timestamp] = []
        while times.count < Self.sampledRows, let line = try reader.next() {
            if let row = try CSVRow(line, number: reader.lineNumber, header: header, path: settings.path) {
                times.append(row.time)
            }
        }
        guard let firstTime = times.first, times.count >= 2 else {
            throw .source("\(settings.path): fewer than two rows; there is nothing to replay")
        }
        guard let step = SamplingStep.milliseconds(times) else {
            throw .source("\(settings.path): no two rows differ in time")
        }
        let scaled = settings.time == .original ? Double(step) : Double(step) / settings.speed
        intervalMilliseconds = Int(min(max(1, scaled.rounded()), Double(SamplingStep.longestMilliseconds)))
        reader.rewind()
        _ = try reader.next()
        self.settings = settings
        self.header = header
        self.pacer = pacer
        self.reader = reader
        self.firstTime = firstTime
        lastTime = firstTime
    }

    public mutating func next() async throws -> Sample? {
        while true {
            guard let line = try reader.next() else {
                guard settings.loops else { return nil }
                beginLap()
                continue
            }
            guard
                let row = try CSVRow(line, number: reader.lineNumber, header: header, path: settings.path)
            else { continue }
            if row.isLabelled, settings.labelledRows == .skip {
                isSkipping = true
                followsGap = true
                continue
            }
            if isSkipping { closeGap(before: row.time) }
            lastTime = max(lastTime, row.time)
            let time = emitted(row.time)
            if case .replayed = settings.time, let now = pacer.now, time < now.adding(milliseconds: -5000) {
                // Started in the middle: what lies before is over.
                continue
            }
            try await pacer.wait(until: time)
            defer { followsGap = false }
            return Sample(time: time, values: row.values, followsGap: followsGap)
        }
    }

    private mutating func beginLap() {
        reader.rewind()
        _ = try? reader.next()  // the header, which has been read before
        offset += lastTime.milliseconds(since: firstTime) + pause
        lastTime = firstTime
        isSkipping = false
        followsGap = true
    }

    /// Shortens the time of rows that were left out to a pause; recordings with their own times keep it as it is.
    private mutating func closeGap(before time: Timestamp) {
        isSkipping = false
        guard settings.time != .original else { return }
        offset -= max(0, time.milliseconds(since: lastTime) - pause)
    }

    /// The pause in the file's own time, in milliseconds.
    private var pause: Int64 {
        let interval = Double(intervalMilliseconds) * (settings.time == .original ? 1 : settings.speed)
        return Int64(exactly: interval.rounded()).map { $0 * Self.pauseIntervals } ?? 0
    }

    private func emitted(_ time: Timestamp) -> Timestamp {
        let elapsed = time.milliseconds(since: firstTime).addingReportingOverflow(offset).partialValue
        switch settings.time {
        case .original: return firstTime.adding(milliseconds: elapsed)
        case .replayed(let start):
            let scaled = Double(elapsed) / settings.speed
            return start.adding(milliseconds: Int64(exactly: scaled.rounded()) ?? 0)
        }
    }
}
