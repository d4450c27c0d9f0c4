// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetNN
import LinnetNumerics
import Testing

@Suite("Trainer")
struct TrainerTests {
    /// Rows of eight values that two numbers explain, with a little noise.
    static func rows(_ count: Int, seed: UInt64 = 1, noise: Double = 0.05) -> Matrix {
        var generator = SeededGenerator(seed: seed)
        var values: [Float] = []
        for _ in 0..<count {
            let (a, b) = (generator.gaussian(), generator.gaussian())
            for c in 0..<8 {
                let mix = a * Double(c + 1) / 8 + b * Double(c % 3 - 1)
                values.append(Float(mix + noise * generator.gaussian()))
            }
        }
        return Matrix(rows: count, columns: 8, values: values)
    }

    static func network() throws -> Network { try Network(.denseAutoencoder(inputWidth: 8, hidden: [6, 3])) }

    @Test(
        "every optimizer learns rows that have structure",
        arguments: [
            (OptimizerDescription.adam, Float(0.01)), (.momentum, Float(0.05)), (.sgd, Float(0.2)),
        ])
    func learns(_ optimizer: OptimizerDescription, _ learningRate: Float) throws {
        let network = try Self.network()
        var parameters = network.initialParameters(seed: 1)
        var trainer = Trainer(
            network: network,
            settings: TrainingSettings(epochs: 25, learningRate: learningRate, optimizer: optimizer, patience: 25))
        let report = try trainer.fit(&parameters, inputs: Self.rows(1000))
        #expect(report.trainingRows == 800)
        #expect(report.validationRows == 200)
        #expect(report.bestValidationLoss < 0.2 * report.initialValidationLoss)
        #expect(report.epochs.count == 25)
    }

    @Test("the same seed gives the same weights bit by bit, another seed gives others")
    func repeatable() throws {
        func train(seed: UInt64) throws -> (ParameterVector, TrainingReport) {
            let network = try Self.network()
            var parameters = network.initialParameters(seed: 1)
            var trainer = Trainer(network: network, settings: TrainingSettings(epochs: 3, seed: seed))
            // 333 rows leave a last batch of 11.
            let report = try trainer.fit(&parameters, inputs: Self.rows(333))
            return (parameters, report)
        }
        let (first, firstReport) = try train(seed: 1)
        let (second, secondReport) = try train(seed: 1)
        let (other, _) = try train(seed: 2)
        #expect(first == second)
        #expect(firstReport == secondReport)
        #expect(first != other)
    }

    @Test("what is kept are the weights of the best epoch, and their loss is the one reported")
    func keepsTheBest() throws {
        let network = try Self.network()
        var parameters = network.initialParameters(seed: 1)
        // So long a step jumps about instead of settling: the last epoch is not the best one.
        let settings = TrainingSettings(epochs: 30, learningRate: 0.15, patience: 30)
        var trainer = Trainer(network: network, settings: settings)
        let inputs = Self.rows(400)
        let report = try trainer.fit(&parameters, inputs: inputs)
        let losses = report.epochs.map(\.validation)
        #expect(report.bestValidationLoss == losses.min())
        #expect(losses[report.bestEpoch - 1] == report.bestValidationLoss)
        #expect(report.bestEpoch < report.epochs.count)
        let loss = meanSquaredError(network, parameters, inputs.rows(320..<400))
        #expect(abs(loss - report.bestValidationLoss) < 1e-6 * loss)
    }

    @Test("training stops once patience has run out, and never trains on the held-out tail")
    func stopsEarly() throws {
        let network = try Self.network()
        let start = network.initialParameters(seed: 1)
        // The tail is of another kind: what is learned from the head makes it worse.
        var inputs = Self.rows(160)
        for _ in 0..<40 { inputs.appendRow([Float](repeating: 30, count: 8)) }
        var parameters = start
        var trainer = Trainer(
            network: network,
            settings: TrainingSettings(epochs: 50, learningRate: 1e-4, optimizer: .sgd, patience: 2))
        var flipped = inputs
        for r in 160..<200 { for c in 0..<8 { flipped[r, c] *= -1 } }
        let report = try trainer.fit(&parameters, inputs: inputs)

        var others = start
        var second = Trainer(
            network: network,
            settings: TrainingSettings(epochs: 1, learningRate: 1e-4, optimizer: .sgd, patience: 2))
        let otherReport = try second.fit(&others, inputs: flipped)
        #expect(report.epochs[0].training == otherReport.epochs[0].training)
        #expect(report.epochs.count <= 50)
        #expect(report.stoppedEarly == (report.epochs.count < 50))
    }

    @Test("with patience 2, two epochs without gain end the training")
    func patience() throws {
        let network = try Self.network()
        let start = network.initialParameters(seed: 1)
        var parameters = start
        // Steps as long as this one make everything worse at once, without leaving the range of Float.
        var trainer = Trainer(
            network: network, settings: TrainingSettings(epochs: 50, learningRate: 5, patience: 2))
        let report = try trainer.fit(&parameters, inputs: Self.rows(200))
        #expect(report.stoppedEarly)
        #expect(report.epochs.count == report.bestEpoch + 2)
        if report.bestEpoch == 0 { #expect(parameters == start) }
    }

    @Test("without held-out rows the last weights are kept and nothing stops early")
    func noValidation() throws {
        let network = try Self.network()
        var parameters = network.initialParameters(seed: 1)
        let inputs = Self.rows(50)
        var trainer = Trainer(
            network: network, settings: TrainingSettings(epochs: 4, validationShare: 0, patience: 1))
        let report = try trainer.fit(&parameters, inputs: inputs)
        #expect(report.validationRows == 0)
        #expect(report.bestEpoch == 4)
        #expect(!report.stoppedEarly)
        #expect(meanSquaredError(network, parameters, inputs) < report.initialValidationLoss)
    }

    @Test("a single row can be trained on")
    func oneRow() throws {
        let network = try Self.network()
        var parameters = network.initialParameters(seed: 1)
        var trainer = Trainer(network: network, settings: TrainingSettings(epochs: 2))
        let report = try trainer.fit(&parameters, inputs: Self.rows(1))
        #expect(report.trainingRows == 1)
        #expect(report.validationRows == 0)
    }

    @Test("pause is asked after every batch, and its no ends the training with the best weights so far")
    func interrupted() throws {
        let network = try Self.network()
        let start = network.initialParameters(seed: 1)
        var parameters = start
        var batches = 0
        var trainer = Trainer(network: network, settings: TrainingSettings(epochs: 3))
        let full = try trainer.fit(&parameters, inputs: Self.rows(200)) {
            batches += 1
            return true
        }
        #expect(batches == 15)
        #expect(!full.isInterrupted)

        var stopped = start
        var left = 7
        var second = Trainer(network: network, settings: TrainingSettings(epochs: 3))
        let report = try second.fit(&stopped, inputs: Self.rows(200)) {
            left -= 1
            return left > 0
        }
        #expect(report.isInterrupted)
        // Five batches make an epoch: the second one was cut short, and counts as far as it went.
        #expect(report.epochs.count == 2)
        #expect(report.epochs[0] == full.epochs[0])
        #expect(report.bestEpoch == 2 && report.steps == 7)
        // The trainer measures a batch at a time, and adds up in another order.
        let loss = meanSquaredError(network, stopped, Self.rows(200).rows(160..<200))
        #expect(abs(loss - report.bestValidationLoss) < 1e-6 * loss)
    }

    @Test("FedProx holds the weights near their start, the more the larger mu is")
    func proximal() throws {
        let network = try Self.network()
        let start = network.initialParameters(seed: 1)
        let distances = try [0, 1, 100].map { (mu: Float) in
            var parameters = start
            var trainer = Trainer(
                network: network,
                settings: TrainingSettings(
                    epochs: 20, learningRate: 0.01, optimizer: .sgd, validationShare: 0, proximalMu: mu))
            _ = try trainer.fit(&parameters, inputs: Self.rows(320))
            return (parameters - start).norm
        }
        #expect(distances[0] > 1.5 * distances[1])
        #expect(distances[1] > 5 * distances[2])
        #expect(distances[2] > 0)
    }

    @Test("one step of FedProx is the plain step minus rate times mu times the distance from the start")
    func proximalStep() throws {
        // With one batch per epoch the first step starts at w0, so mu shows first in the second one.
        let network = try Self.network()
        let start = network.initialParameters(seed: 1)
        let inputs = Self.rows(16)
        func train(epochs: Int, mu: Float) throws -> ParameterVector {
            var parameters = start
            var trainer = Trainer(
                network: network,
                settings: TrainingSettings(
                    epochs: epochs, learningRate: 0.1, optimizer: .sgd, validationShare: 0, proximalMu: mu))
            _ = try trainer.fit(&parameters, inputs: inputs)
            return parameters
        }
        let first = try train(epochs: 1, mu: 0)
        #expect(try train(epochs: 1, mu: 2) == first)
        let plain = try train(epochs: 2, mu: 0)
        let held = try train(epochs: 2, mu: 2)
        for i in 0..<start.count {
            #expect(abs(held[i] - (plain[i] - 0.1 * 2 * (first[i] - start[i]))) < 1e-6)
        }
    }

    @Test("a correction is added to every gradient, and the steps that led to the kept weights are counted")
    func correction() throws {
        let network = try Self.network()
        let start = network.initialParameters(seed: 1)
        func train(_ correction: ParameterVector?) throws -> (ParameterVector, TrainingReport) {
            var parameters = start
            var trainer = Trainer(
                network: network,
                settings: TrainingSettings(
                    epochs: 1, batchSize: 16, learningRate: 0.1, optimizer: .sgd, validationShare: 0))
            let report = try trainer.fit(&parameters, inputs: Self.rows(16), correction: correction)
            return (parameters, report)
        }
        let correction = ParameterVector((0..<start.count).map { Float($0 % 5) - 2 })
        let (plain, report) = try train(nil)
        let (corrected, _) = try train(correction)

        #expect(report.steps == 1)
        for i in 0..<start.count { #expect(abs(corrected[i] - (plain[i] - 0.1 * correction[i])) < 1e-6) }
        #expect(throws: TrainingError.parameterCount(found: 1, expected: start.count)) {
            try train(ParameterVector([0]))
        }
        #expect(throws: TrainingError.parametersNotFinite) {
            try train(ParameterVector(repeating: .nan, count: start.count))
        }
    }

    @Test("steps are those up to the weights that were kept, not those after them")
    func steps() throws {
        let network = try Self.network()
        var parameters = network.initialParameters(seed: 1)
        var trainer = Trainer(network: network, settings: TrainingSettings(epochs: 6, batchSize: 8, patience: 6))
        let report = try trainer.fit(&parameters, inputs: Self.rows(100))

        // 80 rows to train on: ten steps an epoch.
        #expect(report.bestEpoch > 0)
        #expect(report.steps == 10 * report.bestEpoch)
    }

    private func meanSquaredError(_ network: Network, _ parameters: ParameterVector, _ inputs: Matrix) -> Double {
        let workspace = Workspace(network: network, maximumBatch: inputs.rows)
        return inputs.withUnsafeBufferPointer { x in
            network.loss(
                .meanSquaredError, of: x, target: x, rows: inputs.rows, parameters: parameters, workspace: workspace)
        }
    }
}
