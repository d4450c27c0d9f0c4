// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// A whole CSV file in memory, for the lab: samples, labels and times as they stand in it.
public struct Recording: Sendable {
    public var channels: [Channel]
    /// Name of the time column; `nil` if there is none and lines are counted.
    public var timeColumn: String?
    public var samples: [Sample] = []
    /// The time of each sample as it is written, `[samples]`.
    public var times: [String] = []
    /// Whether each sample's label is a number that is not 0, `[samples]`; all `false` without a label column.
    public var labels: [Bool] = []

    /// Most rows that are read into memory.
    public static let maximumRows = 5_000_000

    /// Reads a file; of the settings, those that say which column is what.
    ///
    /// - Throws: ``DetectionError`` naming the file, the line and the column.
    public init(reading settings: CSVReplaySettings) throws(DetectionError) {
        var reader = try LineReader(path: settings.path)
        guard let first = try reader.next() else { throw .source("\(settings.path): the file is empty") }
        let header = try CSVHeader(first, settings: settings)
        channels = header.channels
        timeColumn = header.timestampIndex.map { header.columns[$0] }
        while let line = try reader.next() {
            guard let row = try CSVRow(line, number: reader.lineNumber, header: header, path: settings.path) else {
                continue
            }
            guard samples.count < Self.maximumRows else {
                throw .source("\(settings.path): more than \(Self.maximumRows) rows; cut the file into parts")
            }
            samples.append(Sample(time: row.time, values: row.values))
            times.append(row.timeText)
            labels.append(row.isLabelled)
        }
        guard !samples.isEmpty else { throw .source("\(settings.path): there is a header and no row") }
    }

    /// How many samples a day has, from the median step between the first thousand; `nil` if their times do not grow.
    public var samplesPerDay: Double? {
        let first = samples.prefix(1000).map(\.time)
        return SamplingStep.milliseconds(Array(first)).map { 86_400_000 / Double($0) }
    }
}
