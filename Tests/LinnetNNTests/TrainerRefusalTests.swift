// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetNN
import LinnetNumerics
import Testing

@Suite("Trainer refuses")
struct TrainerRefusalTests {
    @Test(
        "a setting that is out of its range, with the range in the message",
        arguments: [
            (TrainingSettings(epochs: 0), "epochs is 0; it must be between 1 and 100000"),
            (TrainingSettings(batchSize: .max), "batchSize is 9223372036854775807"),
            (TrainingSettings(learningRate: .nan), "learningRate is nan"),
            (TrainingSettings(learningRate: 0), "learningRate is 0.0"),
            (TrainingSettings(learningRate: .infinity), "learningRate is inf"),
            (TrainingSettings(validationShare: .nan), "validationShare is nan"),
            (TrainingSettings(validationShare: 1), "validationShare is 1.0; it must be between 0.0 and 0.9"),
            (TrainingSettings(patience: -1), "patience is -1"),
            (TrainingSettings(proximalMu: -1), "proximalMu is -1.0"),
            (TrainingSettings(optimizer: .init(method: .adam, beta2: 1)), "optimizer.beta2 is 1.0"),
            (TrainingSettings(optimizer: .init(method: .adam, epsilon: 0)), "optimizer.epsilon is 0.0"),
        ])
    func settings(_ settings: TrainingSettings, _ message: String) throws {
        let network = try TrainerTests.network()
        var parameters = network.initialParameters(seed: 1)
        var trainer = Trainer(network: network, settings: settings)
        let error = #expect(throws: TrainingError.self) {
            try trainer.fit(&parameters, inputs: TrainerTests.rows(10))
        }
        let text = try #require(error).description
        #expect(text.contains(message))
    }

    @Test("rows and parameters that do not fit, or are not finite, and leaves the parameters as they were")
    func inputs() throws {
        let network = try TrainerTests.network()
        var trainer = Trainer(network: network, settings: TrainingSettings(epochs: 1))
        var parameters = network.initialParameters(seed: 1)
        let start = parameters
        var broken = TrainerTests.rows(10)
        broken[7, 3] = .nan
        #expect(throws: TrainingError.inputNotFinite(row: 7)) { try trainer.fit(&parameters, inputs: broken) }
        #expect(throws: TrainingError.rowCount(found: 0, minimum: 1)) {
            try trainer.fit(&parameters, inputs: Matrix(rows: 0, columns: 8))
        }
        #expect(throws: TrainingError.inputWidth(found: 7, expected: 8)) {
            try trainer.fit(&parameters, inputs: Matrix(rows: 3, columns: 7))
        }
        #expect(parameters == start)
        var short = ParameterVector(repeating: 0, count: 3)
        #expect(throws: TrainingError.parameterCount(found: 3, expected: network.parameterCount)) {
            try trainer.fit(&short, inputs: TrainerTests.rows(10))
        }
        var sick = start
        sick[0] = .infinity
        #expect(throws: TrainingError.parametersNotFinite) {
            try trainer.fit(&sick, inputs: TrainerTests.rows(10))
        }
    }

    @Test("to hand out weights of a training that diverged")
    func diverged() throws {
        let network = try Network(.denseAutoencoder(inputWidth: 8, hidden: [6, 3], activation: .identity))
        var parameters = network.initialParameters(seed: 1)
        let start = parameters
        var trainer = Trainer(
            network: network,
            settings: TrainingSettings(epochs: 100, learningRate: 10, optimizer: .sgd, validationShare: 0))
        let error = #expect(throws: TrainingError.self) {
            try trainer.fit(&parameters, inputs: TrainerTests.rows(200))
        }
        guard case .diverged(_, learningRate: 10) = try #require(error) else {
            Issue.record("expected .diverged, got \(String(describing: error))")
            return
        }
        #expect(parameters == start)
    }

    @Test("nothing when settings come back from JSON unchanged")
    func json() throws {
        let settings = TrainingSettings(epochs: 3, optimizer: .momentum, proximalMu: 0.1)
        let bytes = try JSONEncoder().encode(settings)
        #expect(try JSONDecoder().decode(TrainingSettings.self, from: bytes) == settings)
    }
}
