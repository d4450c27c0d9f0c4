// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetSimulation
import LinnetTestKit
import Testing

/// A folder of real data sets, where there is one.
private let dataFolder = ProcessInfo.processInfo.environment["LINNET_DATA"]

@Suite("What machines learn alone and together")
struct FederationComparisonTests {
    @Test(
        "on servers of one kind: whoever has seen half a day detects with the others' weights and scaling, and not alone",
        .enabled(if: dataFolder != nil, "LINNET_DATA names no folder of data sets"))
    func likeMachines() async throws {
        let folder = try #require(dataFolder) + "/asd"
        let files = (1...3).map {
            (name: "omi-\($0)", training: "\(folder)/omi-\($0).train.csv", test: "\(folder)/omi-\($0).test.csv")
        }
        let fleet = try await RecordedFleet(files)
        #expect(fleet.intervalSeconds == 300)
        let rows = try await FederationComparison(fleet: fleet, threads: 2).run { _, _ in }
        #expect(rows.count == 4 * FederationComparison.Method.allCases.count)
        func mean(_ span: String, _ method: FederationComparison.Method) throws -> Double {
            try #require(rows.first { $0.ownData == span && $0.method == method.rawValue }).mean
        }
        for span in ["12 h", "2 d"] {
            #expect(try mean(span, .shared) > mean(span, .local) + 0.05)
        }
        // Who may choose is not made worse.
        #expect(rows.filter { $0.method == FederationComparison.Method.chosen.rawValue }.allSatisfy { $0.worse == 0 })
    }

    /// Recordings of stations, as files.
    private func write(_ windows: [SampleWindow], labels: [Bool]?, to path: String) throws {
        let channels = windows.first?.channelCount ?? 0
        var text = "t," + (0..<channels).map { "c\($0)" }.joined(separator: ",") + (labels == nil ? "\n" : ",label\n")
        for (row, window) in windows.enumerated() {
            text += "\(row)," + window.values.map { "\($0)" }.joined(separator: ",")
            text += labels.map { ",\($0[row] ? 1 : 0)\n" } ?? "\n"
        }
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    private func record(_ folder: TemporaryDirectory, agents: Int) throws -> [(
        name: String, training: String, test: String
    )] {
        let stations = PumpStations(agents: agents, channels: 10, windows: 300, judging: 120, seed: 5)
        return try (0..<agents).map { agent in
            let name = stations.name(of: agent)
            let judging = stations.judgingWindows(of: agent)
            let file = (
                name: name, training: folder.path + "/\(name).train.csv", test: folder.path + "/\(name).test.csv"
            )
            try write(stations.trainingWindows(of: agent), labels: nil, to: file.training)
            try write(
                judging.normal + judging.faulty,
                labels: judging.normal.map { _ in false } + judging.faulty.map { _ in true }, to: file.test)
            return file
        }
    }

    @Test("is the same table for the same seed, on one core and on two")
    func repeats() async throws {
        let folder = try TemporaryDirectory()
        let fleet = try await RecordedFleet(try record(folder, agents: 3), intervalSeconds: 600)
        let settings = ComparisonSettings(hidden: [6, 3], rounds: 3, clusters: 2)
        let first = try await FederationComparison(fleet: fleet, settings: settings).run { _, _ in }
        let second = try await FederationComparison(fleet: fleet, settings: settings, threads: 2).run { _, _ in }
        #expect(first == second)
        #expect(first.allSatisfy { $0.values.count == 3 && $0.values.allSatisfy { (0...1).contains($0) } })
        for row in first {
            #expect((row.worse > 0) == (row.shortfall > FederationComparison.tolerance))
            #expect(row.method != FederationComparison.Method.local.rawValue || row.shortfall == 0)
        }
        // Held-back rows of 12 hours cover no day, and can not tell a better way from the first.
        func values(_ method: FederationComparison.Method) throws -> [Double] {
            try #require(first.first { $0.ownData == "12 h" && $0.method == method.rawValue }).values
        }
        let chosen = try values(.chosen)
        #expect(try chosen == values(.local) || chosen == values(.shared))
    }

    @Test("refuses recordings without labels, of different channels, or of one machine alone, and says which file")
    func refusals() async throws {
        let folder = try TemporaryDirectory()
        let files = try record(folder, agents: 2)
        await #expect(throws: SimulationError.self) { _ = try await RecordedFleet([files[0]]) }
        let unlabelled = (name: "x", training: files[0].training, test: files[1].training)
        let error = await #expect(throws: SimulationError.self) { _ = try await RecordedFleet([files[0], unlabelled]) }
        #expect(try #require(error).description.contains("station-2.train.csv"))
    }
}
