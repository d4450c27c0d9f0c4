// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import LinnetDomain
import LinnetEdge

/// `linnet-edge replay`.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Learns from the first part of a device's recording, watches the rest, and prints the alarms.",
        discussion: "It reads as fast as it can, opens no database and connects to nothing. Progress goes to stderr.")

    @OptionGroup var file: ConfigurationOption
    @Option(help: "The device to replay; the first of the file if there is only one.")
    var device: String?
    @Option(help: "The share of windows to learn from, above 0 and below 1.")
    var learnShare = 0.4
    @Option(help: "Most samples to read; a simulated machine never ends by itself.")
    var samples = 20_000
    @Flag(help: "Print one JSON object instead of a table.")
    var json = false

    func validate() throws {
        guard learnShare > 0, learnShare < 1 else {
            throw ValidationError("--learn-share is \(learnShare); it must be above 0 and below 1")
        }
        guard samples > 0 else { throw ValidationError("--samples is \(samples); it must be above 0") }
    }

    func run() async throws {
        let configuration = try file.load()
        var replay = OfflineReplay(configuration: configuration, device: try chosen(configuration))
        replay.learnShare = learnShare
        replay.maximumSamples = samples
        do {
            let result = try await replay.run { Terminal.complain($0) }
            if json { try printJSON(result) } else { printTable(result) }
        } catch {
            Terminal.complain("\(error)")
            throw ExitCode.failure
        }
    }

    private func chosen(_ configuration: EdgeConfiguration) throws -> DeviceConfiguration {
        let names = configuration.devices.map(\.id.rawValue).joined(separator: ", ")
        let found =
            device.map { name in configuration.devices.first { $0.id.rawValue == name } }
            ?? (configuration.devices.count == 1 ? configuration.devices.first : nil)
        guard let found else { throw ValidationError("--device must be one of \(names)") }
        switch found.source {
        case .host: throw ValidationError("device \(found.id) is this host, of which there is no recording; use run")
        case .mqtt:
            throw ValidationError("device \(found.id) is read over MQTT, of which there is no recording; use run")
        case .csv, .follow, .simulator: return found
        }
    }

    // MARK: - Output

    private struct Alarm: Encodable {
        var startedAt, endedAt: Timestamp
        var state: AnomalyEvent.State
        var score, peakScore: Double
        var channel: String?
        var share: Double?
        var detector: DetectorKind?
        var windows: Int
    }

    private struct Report: Encodable {
        var channels: [String]
        var learnedWindows, watchedWindows: Int
        var watchedFrom, watchedTo: Timestamp?
        var threshold, heldOutError: Double
        var selfTest: String
        var gaps, missingCells: Int
        var alarms: [Alarm]
    }

    private func printJSON(_ result: OfflineReplay.Result) throws {
        let alarms = result.alarms.map { event in
            Alarm(
                startedAt: event.startedAt, endedAt: event.endedAt, state: event.state, score: event.score,
                peakScore: event.peakScore, channel: event.topChannel, share: event.contributions.first?.share,
                detector: event.detector,
                windows: event.windows)
        }
        let report = Report(
            channels: result.channels.map(\.name), learnedWindows: result.learnedWindows,
            watchedWindows: result.watchedWindows, watchedFrom: result.watchedFrom, watchedTo: result.watchedTo,
            threshold: result.threshold, heldOutError: result.heldOutError, selfTest: result.selfTest,
            gaps: result.gaps, missingCells: result.missingCells, alarms: alarms)
        try Terminal.say(json: report)
    }

    private func printTable(_ result: OfflineReplay.Result) {
        let rows = result.alarms.map { event in
            let seconds = Double(event.endedAt.milliseconds(since: event.startedAt)) / 1000
            let share = event.contributions.first.map { " (\(Int(($0.share * 100).rounded())) %)" } ?? ""
            return [
                event.startedAt.description, "\(seconds) s", Self.short(event.peakScore / event.threshold) + " x",
                (event.topChannel ?? "none") + share, event.state.rawValue,
            ]
        }
        let header = ["STARTED", "LASTED", "PEAK", "CHANNEL", "STATE"]
        Terminal.say(table: rows, header: header)
        Terminal.say(
            "\(rows.count) alarms in \(result.watchedWindows) windows; \(result.gaps) gaps, "
                + "\(result.missingCells) missing cells; \(result.selfTest)")
    }

    /// A ratio in few digits; a threshold is never 0, so it is finite.
    private static func short(_ ratio: Double) -> String {
        ratio.magnitude < 1e6 ? "\((ratio * 10).rounded() / 10)" : "> 1000000"
    }
}
