// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection
import LinnetDomain

extension Benchmark {
    /// Rows of a SKAB file that are learned from, by its leaderboard's protocol.
    static let skabTrainingRows = 400

    /// Reads a folder of the set, series in the order of their names.
    ///
    /// - Throws: ``BenchmarkError`` naming the folder or the file.
    public func load(_ folder: String) throws(BenchmarkError) -> [LabelledSeries] {
        let series: [LabelledSeries] =
            switch self {
            case .skab: try loadSKAB(folder)
            case .smd:
                try loadPairs(folder, prefix: "machine-").map { series throws(BenchmarkError) in
                    try Self.withRootCauses(series, folder: folder)
                }
            case .asd: try loadPairs(folder, prefix: "omi-")
            case .nasa: try loadPairs(folder, prefix: "")
            case .nab: try loadNAB(folder)
            case .tep: try loadTEP(folder)
            }
        guard !series.isEmpty else { throw .noData(folder: folder, expected: expectedFiles) }
        return series
    }

    private func loadSKAB(_ folder: String) throws(BenchmarkError) -> [LabelledSeries] {
        var found: [LabelledSeries] = []
        for path in Self.files(below: folder, ending: ".csv") where !path.hasPrefix("anomaly-free") {
            let file = "\(folder)/\(path)"
            let recording = try Self.read(file, label: "anomaly", ignoring: ["changepoint"])
            let changes = try Self.read(file, label: "changepoint", ignoring: ["anomaly"])
            var series = try Self.series(
                recording, name: String(path.dropLast(4)), trainingRows: Self.skabTrainingRows, path: file)
            series.samplesPerDay = samplesPerDay
            series.changepoints = Array(changes.labels.dropFirst(Self.skabTrainingRows))
            found.append(series)
        }
        return found
    }

    private func loadPairs(_ folder: String, prefix: String) throws(BenchmarkError) -> [LabelledSeries] {
        var found: [LabelledSeries] = []
        for path in Self.files(below: folder, ending: ".test.csv") where path.hasPrefix(prefix) {
            let name = String(path.dropLast(".test.csv".count))
            let training = try Self.read("\(folder)/\(name).train.csv", label: nil, ignoring: [])
            let test = try Self.read("\(folder)/\(path)", label: "label", ignoring: [])
            found.append(try series(name, training: training, test: test, path: "\(folder)/\(path)"))
        }
        return found
    }

    private func loadTEP(_ folder: String) throws(BenchmarkError) -> [LabelledSeries] {
        let paths = Self.files(below: folder, ending: ".test.csv").filter { $0.hasPrefix("d") }
        guard !paths.isEmpty else { return [] }
        let training = try Self.read("\(folder)/d00.train.csv", label: nil, ignoring: [])
        var found: [LabelledSeries] = []
        for path in paths {
            let test = try Self.read("\(folder)/\(path)", label: "label", ignoring: [])
            var series = try series(
                String(path.dropLast(".test.csv".count)), training: training, test: test, path: "\(folder)/\(path)")
            // A run of its own, started anew.
            series.continues = false
            found.append(series)
        }
        return found
    }

    private func loadNAB(_ folder: String) throws(BenchmarkError) -> [LabelledSeries] {
        let listing = "\(folder)/combined_windows.json"
        guard let data = FileManager.default.contents(atPath: listing) else {
            throw .noData(folder: folder, expected: expectedFiles)
        }
        let windows: [String: [[String]]]
        do { windows = try JSONDecoder().decode([String: [[String]]].self, from: data) } catch {
            throw .file(path: listing, reason: "not a list of windows by file: \(error)")
        }
        var found: [LabelledSeries] = []
        for path in Self.files(below: folder, ending: ".csv") {
            guard let spans = windows[path] else {
                throw .file(path: listing, reason: "there is no entry for \(path)")
            }
            let recording = try Self.read("\(folder)/\(path)", label: "label", ignoring: [])
            let probation = NABScore.probationRows(recording.samples.count)
            var series = try Self.series(
                recording, name: String(path.dropLast(4)), trainingRows: probation, path: "\(folder)/\(path)")
            series.samplesPerDay = recording.samplesPerDay
            series.windows = spans.compactMap { span in
                guard span.count == 2 else { return nil }
                // Times of both files are written alike, down to the second: their texts are in the order of time.
                let rows = recording.times.indices.filter { row in
                    recording.times[row].prefix(19) >= span[0].prefix(19)
                        && recording.times[row].prefix(19) <= span[1].prefix(19)
                }
                guard let first = rows.first, let last = rows.last else { return nil }
                return first...last
            }
            found.append(series)
        }
        return found
    }

    // MARK: - Files

    private func series(
        _ name: String, training: Recording, test: Recording, path: String
    ) throws(BenchmarkError) -> LabelledSeries {
        guard training.channels == test.channels else {
            throw .file(path: path, reason: "its channels are not those of the train file")
        }
        return LabelledSeries(
            name: name, channels: test.channels.map(\.name), training: training.samples, samples: test.samples,
            labels: test.labels, times: test.times, timeColumn: test.timeColumn ?? "t", continues: true,
            samplesPerDay: samplesPerDay)
    }

    /// Splits one recording into its first rows and the rest.
    public static func series(
        _ recording: Recording, name: String, trainingRows: Int, path: String
    ) throws(BenchmarkError) -> LabelledSeries {
        guard trainingRows > 0, trainingRows < recording.samples.count else {
            throw .file(
                path: path,
                reason: "\(recording.samples.count) rows; \(trainingRows) are to be learned from, and some must be left"
            )
        }
        return LabelledSeries(
            name: name, channels: recording.channels.map(\.name), training: Array(recording.samples[..<trainingRows]),
            samples: Array(recording.samples[trainingRows...]), labels: Array(recording.labels[trainingRows...]),
            times: Array(recording.times[trainingRows...]), timeColumn: recording.timeColumn ?? "row", continues: true,
            samplesPerDay: recording.samplesPerDay)
    }

    private static func read(_ path: String, label: String?, ignoring: [String]) throws(BenchmarkError) -> Recording {
        let settings = CSVReplaySettings(path: path, labelColumn: label, ignoredColumns: ignoring)
        do throws(DetectionError) { return try Recording(reading: settings) } catch {
            throw .recording(error)
        }
    }

    /// Paths below a folder, relative to it, in the order of names in which numbers count as numbers.
    private static func files(below folder: String, ending: String) -> [String] {
        let enumerator = FileManager.default.enumerator(atPath: folder)
        let paths = enumerator?.compactMap { $0 as? String }.filter { $0.hasSuffix(ending) } ?? []
        return paths.sorted { $0.compare($1, options: .numeric) == .orderedAscending }
    }

    /// Reads the lines `first-last:d1,d2` of SMD's interpretation files, channels counted from 1.
    private static func withRootCauses(
        _ series: LabelledSeries, folder: String
    ) throws(BenchmarkError) -> LabelledSeries {
        let path = "\(folder)/\(series.name).interpretation.txt"
        guard let data = FileManager.default.contents(atPath: path) else { return series }
        var series = series
        for (number, line) in String(decoding: data, as: UTF8.self).split(separator: "\n").enumerated() {
            let halves = line.split(separator: ":")
            let rows = halves.first?.split(separator: "-").compactMap { Int($0) } ?? []
            let channels =
                halves.last?.split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) } ?? []
            guard halves.count == 2, rows.count == 2, rows[0] <= rows[1], rows[0] >= 0, !channels.isEmpty,
                channels.allSatisfy({ (1...series.channels.count).contains($0) })
            else {
                throw .file(
                    path: "\(path):\(number + 1)", reason: "\"\(line.prefix(60))\" is not first-last:channel,channel")
            }
            guard rows[1] < series.samples.count else { continue }
            series.rootCauses.append(.init(rows: rows[0]...rows[1], channels: Set(channels.map { $0 - 1 })))
        }
        return series
    }
}
