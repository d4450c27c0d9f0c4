// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// The history of an agent's models, and whether it is still the one that was written.
///
///     let history = try ModelHistory.read(directory: "/var/lib/linnet-edge")
///     let answer = history.answer(for: pump, at: lastNight)     // what ran there then, and why
///
/// Each row is chained to the one before it: see ``HistoryChain``.
public struct ModelHistory: Sendable, Equatable {
    /// One row.
    public struct Row: Sendable, Equatable, Codable {
        /// Counts up from 1 and is never used twice.
        public var row: Int64
        public var entry: HistoryEntry
    }

    /// What is wrong with a history that is not the one that was written.
    public enum Fault: Error, Sendable, Equatable, CustomStringConvertible {
        /// The row's contents are not those that its digest was made of, or the digest was changed.
        case changed(row: Int64)
        /// Between two rows there is one no more.
        case missing(row: Int64)
        /// The newest rows are gone.
        case cutOff(after: Int64, last: Int64)

        public var description: String {
            switch self {
            case .changed(let row): "row \(row) was changed after it was written; trust nothing from there on"
            case .missing(let row): "row \(row) was taken out; trust nothing from there on"
            case .cutOff(let after, let last): "rows \(after + 1) to \(last) were taken out: what is newest is missing"
            }
        }
    }

    /// What ran on a device at a time, and why.
    public struct Answer: Sendable, Equatable {
        /// `nil` where no model did.
        public var version: ModelVersion?
        /// What the device scored with in the place of that version's weights; `nil` where it was these.
        public var weights: HistoryEntry.DeviceWeights?
        /// The step by which it came to run there; `nil` where that is older than the history goes back.
        public var cause: Row?
        /// All steps of the same version's release up to then, in order: how it came to that.
        public var steps: [Row]
    }

    /// Oldest first.
    public var rows: [Row]
    /// The first thing that is wrong; `nil` if the chain holds.
    public var fault: Fault?

    public init(rows: [Row], fault: Fault? = nil) {
        self.rows = rows
        self.fault = fault
    }

    /// What ran at a time.
    ///
    /// A wall clock may have been set back meanwhile: order is that of the rows, and the last one not later than `time`
    /// counts.
    ///
    /// - Parameter device: `nil` asks for the agent as a whole.
    /// - Returns: `nil` if the history begins later.
    public func answer(for device: DeviceID? = nil, at time: Timestamp) -> Answer? {
        guard let last = rows.lastIndex(where: { $0.entry.at <= time }) else { return nil }
        let known = rows[...last]
        func running(_ row: Row) -> ModelVersion? {
            guard let device else { return row.entry.active }
            return row.entry.devices.contains(device) ? row.entry.active : nil
        }
        let version = running(rows[last])
        let others = known.lastIndex { running($0) != version }
        let cause = others.map { known[$0 + 1] } ?? (known.first.flatMap { Self.isSwitch($0.entry.step) ? $0 : nil })
        let steps = cause.map { cause in
            known.filter { row in
                row.row >= cause.row
                    ? row.entry.version == version
                    : row.entry.release == cause.entry.release && row.entry.version == cause.entry.version
                        && cause.entry.release != nil
            }
        }
        let weights = device.flatMap { rows[last].entry.weights?[$0.rawValue] }
        return Answer(version: version, weights: weights, cause: cause, steps: steps ?? [])
    }

    /// Whether a step changes what raises the alarms.
    private static func isSwitch(_ step: HistoryEntry.Step) -> Bool {
        switch step {
        case .activated, .learned, .reverted, .returned, .calibrated, .cleared: true
        case .assigned, .verified, .shadowing, .selfTesting, .ready, .confirmed, .refused: false
        }
    }
}
