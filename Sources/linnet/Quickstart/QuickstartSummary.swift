// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The last line of `linnet quickstart --json`.
struct QuickstartSummary: Encodable {
    let rounds: Int
    let modelVersion: Int?
    let agents: Int
    let agentsOnVersion: Int
    let faultsInjected: Int
    let faultsDetected: Int
    let falseAlarms: Int
    let eventsStored: Int
    let duplicateEvents: Int
    let firstLoss: Double?
    let lastLoss: Double?
    let seconds: Double
    let apiURL: String

    init(_ facts: RunFacts, _ verdict: QuickstartVerdict, seconds: Double, apiURL: String) {
        rounds = facts.rounds
        modelVersion = facts.modelVersion
        agents = facts.agents
        agentsOnVersion = facts.agentsOnVersion
        faultsInjected = facts.judged.count
        faultsDetected = verdict.faultsDetected
        falseAlarms = verdict.falseAlarms.count
        eventsStored = facts.stored.count
        duplicateEvents = verdict.duplicateEvents
        firstLoss = facts.firstLoss
        lastLoss = facts.lastLoss
        self.seconds = (seconds * 10).rounded() / 10
        self.apiURL = apiURL
    }

    private enum CodingKeys: String, CodingKey {
        case rounds, modelVersion, agents, agentsOnVersion, faultsInjected, faultsDetected, falseAlarms, eventsStored
        case duplicateEvents, firstLoss, lastLoss, seconds, apiURL
    }

    /// Every key is always there: one that has no value yet is null.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(rounds, forKey: .rounds)
        try container.encode(modelVersion, forKey: .modelVersion)
        try container.encode(agents, forKey: .agents)
        try container.encode(agentsOnVersion, forKey: .agentsOnVersion)
        try container.encode(faultsInjected, forKey: .faultsInjected)
        try container.encode(faultsDetected, forKey: .faultsDetected)
        try container.encode(falseAlarms, forKey: .falseAlarms)
        try container.encode(eventsStored, forKey: .eventsStored)
        try container.encode(duplicateEvents, forKey: .duplicateEvents)
        try container.encode(firstLoss.flatMap { $0.isFinite ? $0 : nil }, forKey: .firstLoss)
        try container.encode(lastLoss.flatMap { $0.isFinite ? $0 : nil }, forKey: .lastLoss)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(apiURL, forKey: .apiURL)
    }

    /// One line of JSON, keys in alphabetical order.
    func line() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
