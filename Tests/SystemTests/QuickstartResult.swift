// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The JSON object in the last line of `linnet quickstart --json`.
struct QuickstartResult: Decodable {
    static let keys: Set = [
        "rounds", "modelVersion", "agents", "agentsOnVersion", "faultsInjected", "faultsDetected", "falseAlarms",
        "eventsStored", "duplicateEvents", "firstLoss", "lastLoss", "seconds", "apiURL",
    ]

    let rounds: Int
    let agents: Int
    let agentsOnVersion: Int
    let faultsInjected: Int
    let faultsDetected: Int
    let falseAlarms: Int
    let eventsStored: Int
    let duplicateEvents: Int

    /// The object, and the keys that it has.
    static func read(lastLineOf output: String) throws -> (QuickstartResult, keys: Set<String>) {
        let line = Data((output.split(separator: "\n").last ?? "").utf8)
        let object = try JSONSerialization.jsonObject(with: line) as? [String: Any]
        return (try JSONDecoder().decode(QuickstartResult.self, from: line), Set((object ?? [:]).keys))
    }
}

/// The ids in processes.json, as the quickstart's supervisor writes them.
struct RunningProcesses: Decodable {
    let broker: Int32?
    let coordinator: Int32?
    let agents: [String: Int32]

    init(in directory: String) throws {
        let body = try Data(contentsOf: URL(fileURLWithPath: directory + "/processes.json"))
        self = try JSONDecoder().decode(RunningProcesses.self, from: body)
    }
}
