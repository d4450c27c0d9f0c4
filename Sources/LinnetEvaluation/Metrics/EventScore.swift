// SPDX-License-Identifier: Apache-2.0

/// The operator's view: how many faults were noticed, how soon, and how many alarms were about nothing.
///
/// A true event is a run of labelled rows, an alarm episode a run of alarmed rows; an event is found if any of its rows is
/// alarmed, an episode is false if it touches no event. False alarms are counted by episodes, never by rows, and found
/// events by events, so that neither side is flattered.
public struct EventScore: Sendable, Hashable, Codable {
    public let events: Int
    public let foundEvents: Int
    public let episodes: Int
    public let falseEpisodes: Int
    /// Rows from the first of each found event to its first alarmed row.
    public let delays: [Int]
    /// Share of alarmed rows that are anomalous.
    public let pointPrecision: Double
    /// Rows that are not labelled.
    public let normalRows: Int

    /// Both lists `[rows]`.
    public init(labels: [Bool], predictions: [Bool]) {
        let counts = ConfusionCounts(labels: labels, predictions: predictions)
        let truth = Runs.of(labels)
        let alarms = Runs.of(predictions)
        delays = truth.compactMap { run in run.first { predictions[$0] }.map { $0 - run.lowerBound } }
        events = truth.count
        foundEvents = delays.count
        episodes = alarms.count
        falseEpisodes = alarms.count { run in !run.contains { labels[$0] } }
        pointPrecision = counts.precision
        normalRows = labels.count { !$0 }
    }

    /// Share of events that were found; 0 without events.
    public var recall: Double { events > 0 ? Double(foundEvents) / Double(events) : 0 }
    /// Share of episodes that touch an event; 0 without episodes.
    public var precision: Double { episodes > 0 ? Double(episodes - falseEpisodes) / Double(episodes) : 0 }
    /// Harmonic mean of event recall and *point* precision (TSB-AD's event-based F1): alarming all the time finds every
    /// event in one true episode, but at the cost of every normal row.
    public var f1: Double {
        recall + pointPrecision > 0 ? 2 * recall * pointPrecision / (recall + pointPrecision) : 0
    }
    /// Mean delay of the found events in rows; `nil` if none was found.
    public var meanDelay: Double? {
        delays.isEmpty ? nil : Double(delays.reduce(0, +)) / Double(delays.count)
    }
    /// False episodes in a day of normal operation.
    ///
    /// - Parameter rowsPerDay: how many rows the device gives in 24 hours, above 0.
    public func falseEpisodesPerDay(rowsPerDay: Double) -> Double {
        normalRows > 0 ? Double(falseEpisodes) * rowsPerDay / Double(normalRows) : 0
    }
}
