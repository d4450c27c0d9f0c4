// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetNN
import LinnetNumerics

/// Trains row models: alone, together, and together in clusters.
struct RowTraining: Sendable {
    let network: Network
    let settings: ComparisonSettings
    let rule: ServerRule

    init(channels: Int, settings: ComparisonSettings) throws {
        network = try Network(
            .denseAutoencoder(inputWidth: channels, hidden: settings.hidden.filter { $0 < channels }))
        self.settings = settings
        rule = settings.strategy.rule
    }

    /// One machine by itself, for as many passes as it would make in all rounds.
    func alone(_ rows: Matrix) throws -> ParameterVector {
        try train(
            network.initialParameters(seed: settings.seed), rows, passes: settings.rounds * settings.passes, round: 0)
    }

    /// From somebody else's weights on, a little.
    func fineTuned(_ start: ParameterVector, _ rows: Matrix) throws -> ParameterVector {
        try train(start, rows, passes: settings.fineTuningPasses, round: 0)
    }

    /// All machines together, round by round.
    func together(_ machines: [Matrix]) throws -> ParameterVector {
        var global = network.initialParameters(seed: settings.seed)
        var state = ServerState()
        for round in 1...settings.rounds {
            let outcome = try combine(global, machines, round: round, state: state)
            (global, state) = (outcome.parameters, outcome.state)
        }
        return global
    }

    /// All machines together, in lineages that find themselves by ``Lineages``.
    ///
    /// The first machines' own first rounds tell lineages apart: each starts from one machine, and each next one from the
    /// machine that the others fit worst.
    ///
    /// - Returns: each machine's model.
    func clustered(_ machines: [Matrix], clusters: Int) throws -> [ParameterVector] {
        var models = try seeds(machines, count: min(clusters, machines.count))
        var states = [ServerState](repeating: ServerState(), count: models.count)
        for round in 2...max(2, settings.rounds) {
            let choices = machines.map { choice(of: $0, among: models) }
            for cluster in models.indices {
                let members = machines.indices.filter { choices[$0] == cluster }
                guard !members.isEmpty else { continue }
                let outcome = try combine(
                    models[cluster], members.map { machines[$0] }, round: round, state: states[cluster])
                (models[cluster], states[cluster]) = (outcome.parameters, outcome.state)
            }
        }
        return machines.map { models[choice(of: $0, among: models)] }
    }

    private func seeds(_ machines: [Matrix], count: Int) throws -> [ParameterVector] {
        let start = network.initialParameters(seed: settings.seed)
        var models = [try train(start, machines[0], passes: settings.passes, round: 1)]
        while models.count < count {
            let worst = Lineages.worstServed(machines.map { rows in models.map { loss($0, rows) } }) ?? 0
            models.append(try train(start, machines[worst], passes: settings.passes, round: 1))
        }
        return models
    }

    private func choice(of rows: Matrix, among models: [ParameterVector]) -> Int {
        Lineages.best(of: models.map { loss($0, rows) }) ?? 0
    }

    private func loss(_ model: ParameterVector, _ rows: Matrix) -> Double {
        let errors = RowModel.errors(network, model, rows)
        return errors.reduce(0, +) / Double(max(1, errors.count))
    }

    private func combine(
        _ base: ParameterVector, _ machines: [Matrix], round: Int, state: ServerState
    ) throws -> ServerRule.Outcome {
        let contributions = try machines.enumerated().map { number, rows in
            Contribution(
                agent: try AgentID("agent-\(number)"),
                parameters: try train(base, rows, passes: settings.passes, round: round), windows: rows.rows)
        }
        return try rule.apply(to: contributions, onto: base, state: state)
    }

    private func train(_ start: ParameterVector, _ rows: Matrix, passes: Int, round: Int) throws -> ParameterVector {
        var parameters = start
        var trainer = Trainer(
            network: network,
            settings: TrainingSettings(
                epochs: passes, seed: settings.seed &+ UInt64(round), validationShare: rows.rows >= 50 ? 0.2 : 0,
                patience: max(3, passes / 4)))
        _ = try trainer.fit(&parameters, inputs: rows)
        return parameters
    }
}
