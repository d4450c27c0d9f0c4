// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetFederation
import LinnetNN
import LinnetNumerics

/// A network that the machines of a set learn together, each from its own windows in its own scales: what a fleet's rounds
/// come to, without the fleet.
struct FederatedNetwork {
    let network: Network
    private(set) var parameters: ParameterVector

    /// Rounds, and passes over a machine's windows in each of them.
    static let rounds = 10
    static let passes = 3

    /// Learns.
    ///
    /// - Parameters:
    ///   - windows: of each machine, `[windows, width]`, all of the same width.
    ///   - hidden: widths of a dense autoencoder, input side to bottleneck.
    /// - Throws: ``DetectionError/model(_:)`` if a machine's training or a round fails.
    init(learning windows: [Matrix], hidden: [Int], seed: UInt64) throws(DetectionError) {
        do {
            network = try Network(.denseAutoencoder(inputWidth: windows.first?.columns ?? 0, hidden: hidden))
            parameters = network.initialParameters(seed: seed)
            let rule = StrategyDescription.standard.rule
            var state = ServerState()
            for round in 1...Self.rounds {
                var contributions: [Contribution] = []
                for (number, windows) in windows.enumerated() {
                    contributions.append(
                        Contribution(
                            agent: try AgentID("machine-\(number)"),
                            parameters: try trained(on: windows, seed: seed &+ UInt64(round)), windows: windows.rows))
                }
                let outcome = try rule.apply(to: contributions, onto: parameters, state: state)
                (parameters, state) = (outcome.parameters, outcome.state)
            }
        } catch {
            throw .model("\(error)")
        }
    }

    private func trained(on windows: Matrix, seed: UInt64) throws(TrainingError) -> ParameterVector {
        var parameters = parameters
        var trainer = Trainer(network: network, settings: TrainingSettings(epochs: Self.passes, seed: seed))
        _ = try trainer.fit(&parameters, inputs: windows)
        return parameters
    }
}
