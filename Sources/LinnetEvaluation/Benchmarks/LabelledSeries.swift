// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// One recording as a benchmark uses it: normal samples to learn from, and labelled samples to judge by.
public struct LabelledSeries: Sendable {
    /// An event whose guilty channels are known.
    public struct RootCause: Sendable, Hashable {
        /// Rows of the judged part.
        public var rows: ClosedRange<Int>
        /// Channels, from 0.
        public var channels: Set<Int>

        public init(rows: ClosedRange<Int>, channels: Set<Int>) {
            self.rows = rows
            self.channels = channels
        }
    }

    /// Unique in its set, and a path below its folder without the ending.
    public var name: String
    public var channels: [String]
    /// What may be learned from, oldest first.
    public var training: [Sample]
    /// What is scored, oldest first.
    public var samples: [Sample]
    /// Whether each scored sample is anomalous, `[samples]`.
    public var labels: [Bool]
    /// Times of the scored samples as the file has them, `[samples]`, and the name of their column.
    public var times: [String]
    public var timeColumn: String
    /// Whether the scored samples follow directly on those learned from.
    public var continues: Bool
    /// Samples of a day; `nil` where nobody knows how fast it was sampled.
    public var samplesPerDay: Double?
    /// Moments at which the regime changes, `[samples]`; empty where nobody labelled them.
    public var changepoints: [Bool] = []
    /// Windows of a NAB file, in rows of the whole file, probation included; `nil` for other sets.
    public var windows: [ClosedRange<Int>]?
    public var rootCauses: [RootCause] = []

    public init(
        name: String, channels: [String], training: [Sample], samples: [Sample], labels: [Bool], times: [String],
        timeColumn: String, continues: Bool, samplesPerDay: Double?
    ) {
        self.name = name
        self.channels = channels
        self.training = training
        self.samples = samples
        self.labels = labels
        self.times = times
        self.timeColumn = timeColumn
        self.continues = continues
        self.samplesPerDay = samplesPerDay
    }

    /// Seconds from the first scored sample to each, `[samples]`.
    public var seconds: [Double] {
        guard let first = samples.first?.time else { return [] }
        return samples.map { Double($0.time.milliseconds(since: first)) / 1000 }
    }
}
