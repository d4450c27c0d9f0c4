// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Reads what a logger appends to a CSV file, row by row, as it is written.
///
/// It begins behind the last row that is there; a row counts once its line has an end. Where the logger begins a new file
/// under the same name, or empties it, the new one is read from its first row. Rows carry the time that is written in them,
/// or else that at which they were read.
public struct CSVFollower: DataSource {
    public let intervalMilliseconds: Int
    public var channels: [Channel] { header.channels }

    private let settings: CSVReplaySettings
    private let clock: WallClock
    private var header: CSVHeader
    private var reader: LineReader
    /// Whether the next sample is no neighbour of the one before.
    private var followsGap = false

    /// How often a file is looked at that nothing is written to, in milliseconds, at most.
    private static let longestPauseMilliseconds = 1000

    /// Opens the file and reads its header.
    ///
    /// - Parameters:
    ///   - settings: which file, and what its columns are; speed, laps and times are a replay's and have no part here.
    ///   - intervalMilliseconds: the time between two rows. It is said, and not taken from rows: of the next file they might
    ///     give another, and with another a device would have another signal contract.
    /// - Throws: ``DetectionError`` if the file can not be read, or nothing in it can be a channel.
    public init(
        settings: CSVReplaySettings, intervalMilliseconds: Int, clock: WallClock = .system
    ) throws(DetectionError) {
        (header, reader) = try Self.open(settings)
        try reader.skipToEnd()
        self.settings = settings
        self.intervalMilliseconds = max(1, intervalMilliseconds)
        self.clock = clock
    }

    public mutating func next() async throws -> Sample? {
        while true {
            try Task.checkCancellation()
            if let line = try reader.nextWhole() {
                guard let row = try CSVRow(line, number: reader.lineNumber, header: header, path: settings.path) else {
                    continue
                }
                defer { followsGap = false }
                let time = header.timestampIndex == nil ? clock.now() : row.time
                return Sample(time: time, values: row.values, followsGap: followsGap)
            }
            if reader.wasReplaced { try beginAgain() }
            try await Task.sleep(for: .milliseconds(min(intervalMilliseconds, Self.longestPauseMilliseconds)))
        }
    }

    private mutating func beginAgain() throws(DetectionError) {
        // A logger may not have written the new file's header yet.
        guard let (header, reader) = try? Self.open(settings) else { return }
        guard header.channels == self.header.channels else {
            let (new, old) = (header.channels.map(\.name), self.header.channels.map(\.name))
            throw .source(
                "\(settings.path): a new file has the channels \(new.joined(separator: ", ")); it had "
                    + "\(old.joined(separator: ", ")), and a device's channels stay the same while an agent runs")
        }
        (self.header, self.reader) = (header, reader)
        followsGap = true
    }

    private static func open(_ settings: CSVReplaySettings) throws(DetectionError) -> (CSVHeader, LineReader) {
        var reader = try LineReader(path: settings.path)
        guard let first = try reader.nextWhole() else {
            throw .source("\(settings.path): there is no header yet; the first line must name the columns")
        }
        return (try CSVHeader(first, settings: settings), reader)
    }
}
