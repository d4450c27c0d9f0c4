// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetDetection
import LinnetDomain
import LinnetEdge

/// `linnet-edge history`.
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Tells which model ran when, and why: from this agent's own disk.",
        discussion: """
            Every step of every model is a row: the release or order that named it, its check, its trials with what they \
            measured, the switch, and the way back. Rows are chained by digest and checked each time they are read; one that \
            was changed or taken out is named, and the exit code is 1.

            The agent may be running, and needs neither broker nor coordinator for it.

              linnet-edge history                                          all steps, oldest first
              linnet-edge history --device pump                            what watches the pump now, and how it came to that
              linnet-edge history --device pump --at 2026-01-31T03:00:00Z  the same for that night
            """)

    @OptionGroup var file: ConfigurationOption
    @Option(help: "Answer for this device: which model watches it, and why.")
    var device: String?
    @Option(help: "Answer for this time: ISO 8601 (UTC unless it says otherwise), or milliseconds since 1970.")
    var at: String?
    @Flag(help: "Print one JSON object instead: rows or answer, and fault.")
    var json = false

    private struct Report: Encodable {
        var rows: [ModelHistory.Row]?
        var answer: Answer?
        var fault: String?
    }

    private struct Answer: Encodable {
        var at: Timestamp
        var device: DeviceID?
        var version: ModelVersion?
        var weights: HistoryEntry.DeviceWeights?
        var cause: ModelHistory.Row?
        var steps: [ModelHistory.Row]
    }

    func run() throws {
        let configuration = try file.load()
        let device = try device.map { try Self.known($0, in: configuration) }
        let time = try at.map(Self.time)
        let history: ModelHistory
        do { history = try ModelHistory.read(directory: configuration.stateDirectory) } catch {
            Terminal.complain("\(error)")
            throw ExitCode.failure
        }
        if device == nil, time == nil {
            try json
                ? Terminal.say(json: Report(rows: history.rows, fault: history.fault?.description)) : show(history.rows)
        } else {
            try answer(history, for: device, at: time ?? .now())
        }
        if let fault = history.fault {
            Terminal.complain("the history is not the one that was written: \(fault)")
            throw ExitCode.failure
        }
    }

    private static func known(_ name: String, in configuration: EdgeConfiguration) throws -> DeviceID {
        guard let device = configuration.devices.first(where: { $0.id.rawValue == name }) else {
            let names = configuration.devices.map(\.id.rawValue).joined(separator: ", ")
            throw ValidationError("there is no device \"\(name.prefix(64))\"; there are \(names)")
        }
        return device.id
    }

    private static func time(_ text: String) throws -> Timestamp {
        guard let time = TimestampParser.parse(text[...]) else {
            throw ValidationError("\"\(text.prefix(64))\" is no time; write it like 2026-01-31T03:00:00Z")
        }
        return time
    }

    // MARK: - Output

    private func answer(_ history: ModelHistory, for device: DeviceID?, at time: Timestamp) throws {
        let answer = history.answer(for: device, at: time)
        if json {
            let answer = answer.map {
                Answer(
                    at: time, device: device, version: $0.version, weights: $0.weights, cause: $0.cause,
                    steps: $0.steps)
            }
            return try Terminal.say(json: Report(answer: answer, fault: history.fault?.description))
        }
        let subject = device.map { "device \($0)" } ?? "this agent"
        guard let answer else {
            let first = history.rows.first.map { "it begins at \($0.entry.at)" } ?? "it is empty"
            return Terminal.say("the history does not go back to \(time): \(first)")
        }
        Terminal.say("at \(time) \(subject) ran \(answer.version.map { "model \($0)" } ?? "no model")")
        if let weights = answer.weights { Terminal.say(Self.sentence(weights)) }
        guard let cause = answer.cause else {
            return Terminal.say("since before the history begins")
        }
        Terminal.say("since \(cause.entry.at), \(Self.why(cause.entry))")
        show(answer.steps)
    }

    private static func sentence(_ weights: HistoryEntry.DeviceWeights) -> String {
        let what =
            switch weights.kind {
            case .released: "its weights as they were released"
            case .ownLayers: "its weights, with the agent's own layers in the places of those that stay with agents"
            case .fineTuned: "its weights, trained on for a little on the device's own windows"
            case .local: "weights learned from the device's own windows alone"
            }
        return "with \(what): sha256 \(weights.digest.short)"
    }

    private static func why(_ entry: HistoryEntry) -> String {
        let release = entry.release.map { " by release \($0)" } ?? ""
        let rollout = entry.rollout.map { ", ordered by rollout \($0)" } ?? ""
        return "\(entry.step.rawValue)\(release)\(rollout): \(entry.reason)"
    }

    private func show(_ rows: [ModelHistory.Row]) {
        let cells = rows.map { row in
            let entry = row.entry
            let evidence = entry.evidence.sorted { $0.key < $1.key }.map { "\($0.key) \(Self.short($0.value))" }
            return [
                "\(row.row)", entry.at.description, entry.step.rawValue, entry.version?.description ?? "",
                entry.release.map(String.init) ?? "", entry.rollout.map(String.init) ?? "",
                ([entry.reason] + evidence).filter { !$0.isEmpty }.joined(separator: "; "),
            ]
        }
        Terminal.say(table: cells, header: ["ROW", "TIME", "STEP", "MODEL", "RELEASE", "ROLLOUT", "WHY"])
    }

    /// A measured number in at most four decimal places.
    private static func short(_ value: Double) -> String {
        value.magnitude < 1e12 ? "\((value * 10_000).rounded() / 10_000)" : "\(value)"
    }
}
