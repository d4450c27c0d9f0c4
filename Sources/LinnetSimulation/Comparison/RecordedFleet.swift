// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNumerics

/// A folder of recordings: for each machine `NAME.train.csv` and, with a column called `label`, `NAME.test.csv`.
public struct RecordedFleet: Sendable {
    let machines: [RecordedMachine]
    /// In the order of the files' columns.
    let channels: [Channel]
    /// Time between two samples.
    public let intervalSeconds: Int

    public var names: [String] { machines.map(\.name) }
    var channelCount: Int { machines[0].training.columns }

    /// Recordings whose times are row numbers, and the seconds that a row stands for.
    private static let knownIntervals = ["omi-": 300, "machine-": 60]

    /// Reads recordings.
    ///
    /// - Parameters:
    ///   - files: pairs of paths, training and test.
    ///   - intervalSeconds: between two rows; `nil` takes what is known of the files' names, or else a minute.
    /// - Throws: ``SimulationError/recordings(_:)``.
    public init(
        _ files: [(name: String, training: String, test: String)], intervalSeconds: Int? = nil
    ) async throws {
        var machines: [RecordedMachine] = []
        var channels: [Channel] = []
        for file in files {
            let (training, _, names) = try await Self.rows(of: file.training)
            let (test, labels, _) = try await Self.rows(of: file.test)
            channels = channels.isEmpty ? names : channels
            guard labels.count == test.rows else {
                throw SimulationError.recordings("\(file.test): there is no column \"label\"")
            }
            guard test.columns == training.columns, machines.allSatisfy({ $0.training.columns == training.columns })
            else {
                throw SimulationError.recordings(
                    "\(file.training): \(training.columns) channels; all files of a fleet have the same ones")
            }
            machines.append(RecordedMachine(name: file.name, training: training, test: test, labels: labels))
        }
        guard machines.count >= 2 else {
            throw SimulationError.recordings("a fleet needs the recordings of two machines or more")
        }
        self.machines = machines
        self.channels = channels
        let known = Self.knownIntervals.first { known in machines.allSatisfy { $0.name.hasPrefix(known.key) } }
        self.intervalSeconds = intervalSeconds ?? known?.value ?? 60
    }

    private static func rows(of path: String) async throws -> (Matrix, labels: [Bool], channels: [Channel]) {
        var source = try CSVReplay(settings: CSVReplaySettings(path: path), pacer: .immediate)
        let label = source.channels.firstIndex { $0.name == "label" }
        var values: [Float] = []
        var labels: [Bool] = []
        var last = [Float](repeating: 0, count: source.channels.count - (label == nil ? 0 : 1))
        while let sample = try await source.next() {
            var row = sample.values
            if let label { labels.append(row.remove(at: label) > 0) }
            // A value that is missing is taken to be what it was.
            for channel in row.indices where !row[channel].isFinite { row[channel] = last[channel] }
            last = row
            values += row
        }
        guard !last.isEmpty, values.count >= 50 * last.count else {
            throw SimulationError.recordings("\(path): fewer than 50 rows")
        }
        let channels = source.channels.enumerated().filter { $0.offset != label }.map(\.element)
        return (Matrix(rows: values.count / last.count, columns: last.count, values: values), labels, channels)
    }
}
