// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Which file is replayed, and how.
public struct CSVReplaySettings: Sendable, Hashable {
    /// What becomes of rows that are labelled as anomalous.
    public enum LabelledRows: String, Sendable, Hashable, CaseIterable {
        /// They are replayed like all others.
        case keep
        /// They are left out, and leave a gap.
        case skip
    }

    /// Which times samples carry.
    public enum Time: Sendable, Hashable {
        /// Those of the file.
        case original
        /// As if the file's first row had been read at `startingAt`. A source that is started later begins in the middle,
        /// where the clock is.
        case replayed(startingAt: Timestamp)
    }

    public var path: String
    /// `nil` finds the column called datetime, timestamp, time, date or t, or else takes the row number as seconds.
    public var timestampColumn: String?
    /// `nil` finds out of `, ; tab |` the one that the header has most of.
    public var separator: Character?
    /// A column that says which rows are anomalous, by a number that is not 0; never a channel.
    public var labelColumn: String?
    public var labelledRows: LabelledRows
    /// Columns that are no channels.
    public var ignoredColumns: [String]
    /// How many times faster than recorded.
    public var speed: Double
    /// Whether it begins again at the end, after a pause that no window spans.
    public var loops: Bool
    public var time: Time

    public init(
        path: String, timestampColumn: String? = nil, separator: Character? = nil, labelColumn: String? = nil,
        labelledRows: LabelledRows = .keep, ignoredColumns: [String] = [], speed: Double = 1, loops: Bool = false,
        time: Time = .original
    ) {
        self.path = path
        self.timestampColumn = timestampColumn
        self.separator = separator
        self.labelColumn = labelColumn
        self.labelledRows = labelledRows
        self.ignoredColumns = ignoredColumns
        self.speed = speed
        self.loops = loops
        self.time = time
    }
}
