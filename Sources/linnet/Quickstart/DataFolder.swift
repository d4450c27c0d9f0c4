// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection
import LinnetDomain

/// A folder of CSV files that agents can replay: those of its files that share one header.
///
///     let folder = try DataFolder(reading: "skab", replays: 4)
///     folder.recordings.map(\.device)        // other-1, other-6, valve1-4, valve2-1
package struct DataFolder: Sendable {
    /// One file that one agent replays.
    package struct Recording: Sendable, Equatable {
        package var path: String
        /// Named after the file and the folder it lies in.
        package var device: DeviceID
        /// Rows without the header.
        package var rows: Int
        /// Time between two rows, as recorded.
        package var intervalMilliseconds: Int
    }

    /// As many as there are agents, spread evenly over the folder's files.
    package let recordings: [Recording]
    package let layout: CSVLayout
    /// Files that share the header, and files that have another.
    package let alike: Int
    package let others: Int

    static let mostFiles = 10_000
    static let fewestRows = 200

    /// Looks through a folder and all below it.
    ///
    /// - Throws: a sentence about what is there and what is needed.
    package init(reading path: String, replays count: Int) throws(CommandFailure) {
        let files = try Self.files(below: path)
        guard !files.isEmpty else {
            throw .usage("--data \(path): no file that ends in .csv; name a folder with CSV files")
        }
        var groups: [CSVLayout: [(path: String, rows: Int)]] = [:]
        var firstProblem: CommandFailure?
        for file in files {
            do {
                let (layout, rows) = try CSVLayout.read(file)
                groups[layout, default: []].append((file, rows))
            } catch {
                firstProblem = firstProblem ?? error
            }
        }
        guard let (layout, members) = groups.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) }) else {
            throw firstProblem ?? .usage("--data \(path): none of \(files.count) CSV files can be replayed")
        }
        guard members.count >= count else {
            throw .usage(
                "--data \(path): \(HumanText.plural(members.count, "file")) with the same header, and \(count) agents want "
                    + "one each; take --agents \(members.count) or fewer, or a folder with more files of one kind")
        }
        // Files i·n/k: evenly spread, so that neighbours that were recorded together are not all that is seen.
        let chosen = (0..<count).map { members[$0 * members.count / count] }
        recordings = try Self.named(chosen, layout: layout)
        self.layout = layout
        alike = members.count
        others = files.count - members.count
    }

    private static func files(below path: String) throws(CommandFailure) -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .usage("--data \(path): there is no such folder")
        }
        guard isFolder.boolValue, let names = FileManager.default.enumerator(atPath: path) else {
            throw .usage("--data \(path): this is no folder that can be read; name one with CSV files")
        }
        var files: [String] = []
        for case let name as String in names where name.lowercased().hasSuffix(".csv") {
            guard files.count < mostFiles else {
                throw .usage("--data \(path): more than \(mostFiles) CSV files; name a smaller folder")
            }
            files.append((path as NSString).appendingPathComponent(name))
        }
        return files.sorted()
    }

    /// Names each device after its file: the folder's name, then the file's, and a number where that is taken.
    private static func named(
        _ files: [(path: String, rows: Int)], layout: CSVLayout
    ) throws(CommandFailure) -> [Recording] {
        var taken: Set<String> = []
        var recordings: [Recording] = []
        for file in files {
            let url = URL(fileURLWithPath: file.path)
            let folder = url.deletingLastPathComponent().lastPathComponent
            let plain = "\(folder)-\(url.deletingPathExtension().lastPathComponent)"
            let allowed = plain.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "_" }
            let stem = String(String(allowed).drop { $0 == "." }.prefix(50))
            let base = stem.isEmpty ? "device" : stem
            var name = base
            var number = 2
            while !taken.insert(name).inserted {
                name = "\(base)-\(number)"
                number += 1
            }
            guard let device = DeviceID(rawValue: name) else {
                throw .failed("--data \(file.path): can not be made into the name of a device")
            }
            let path = url.standardizedFileURL.path
            recordings.append(
                Recording(
                    path: path, device: device, rows: file.rows, intervalMilliseconds: try interval(of: path, layout)))
        }
        return recordings
    }

    /// Opens a file the way an agent will, so that one that can not be replayed is refused before anything is started.
    private static func interval(of path: String, _ layout: CSVLayout) throws(CommandFailure) -> Int {
        let settings = CSVReplaySettings(
            path: path, timestampColumn: layout.timestampColumn, separator: layout.separator,
            labelColumn: layout.labelColumn, ignoredColumns: layout.ignoredColumns)
        do {
            return try CSVReplay(settings: settings, pacer: .immediate).intervalMilliseconds
        } catch {
            throw .usage("--data \(error)")
        }
    }

    /// How many times as fast as recorded the files are replayed, so that one lap takes about `seconds`.
    ///
    /// One speed for all of them: the sampling interval is part of what makes a cohort.
    func speed(lapSeconds seconds: Double) -> Double {
        let rows = recordings.map(\.rows).max() ?? 1
        // Between 50 and 10 samples a second: enough to learn from soon, and not too much for a small machine.
        let interval = min(max(seconds * 1000 / Double(max(1, rows)), 20), 100)
        return max(1, (Double(recordings.first?.intervalMilliseconds ?? 1000) / interval).rounded())
    }
}
