// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetNN
import LinnetNumerics
import Testing

@Suite("Schedules, clipping and penalties")
struct OptimizerTests {
    @Test(
        "schedules are PyTorch's: StepLR, ExponentialLR, CosineAnnealingLR",
        arguments: [
            (LearningRateSchedule(.constant), [1, 1, 1, 1, 1, 1]),
            (LearningRateSchedule(.step(epochs: 2, factor: 0.5)), [1, 1, 0.5, 0.5, 0.25, 0.25]),
            (LearningRateSchedule(.exponential(factor: 0.9)), [1, 0.9, 0.81, 0.729, 0.6561, 0.59049]),
            (
                LearningRateSchedule(.cosine(epochs: 4, minimum: 0.2)),
                [1, 0.882_842_712_5, 0.6, 0.317_157_287_5, 0.2, 0.2]
            ),
        ])
    func schedules(_ schedule: LearningRateSchedule, _ expected: [Double]) {
        for (epoch, factor) in expected.enumerated() {
            #expect(abs(schedule.factor(epoch: epoch, step: 1000) - factor) < 1e-9)
        }
    }

    @Test("the warm-up rises evenly step by step, and then the decay goes on")
    func warmUp() {
        let schedule = LearningRateSchedule(.exponential(factor: 0.5), warmUpSteps: 4)
        #expect((0..<6).map { schedule.factor(epoch: 0, step: $0) } == [0.25, 0.5, 0.75, 1, 1, 1])
        #expect(schedule.factor(epoch: 1, step: 1) == 0.25)
    }

    @Test(
        "a schedule or loss out of its range is refused by name",
        arguments: [
            (TrainingSettings(schedule: .init(.step(epochs: 0, factor: 0.5))), "schedule.step.epochs is 0"),
            (TrainingSettings(schedule: .init(.exponential(factor: .nan))), "schedule.exponential.factor is nan"),
            (TrainingSettings(schedule: .init(.cosine(epochs: 3, minimum: 2))), "schedule.cosine.minimum is 2.0"),
            (TrainingSettings(schedule: .init(.constant, warmUpSteps: -1)), "schedule.warmUpSteps is -1"),
            (TrainingSettings(loss: .init(.huber, delta: 0)), "loss.delta is 0.0"),
            (TrainingSettings(loss: .categoricalCrossEntropy(classWeights: [1, -1])), "loss.classWeights.1 is -1.0"),
            (TrainingSettings(loss: .categoricalCrossEntropy(classWeights: [1])), "loss.classWeights is 1 weights"),
            (TrainingSettings(clipNorm: -1), "clipNorm is -1.0"), (TrainingSettings(l2: .infinity), "l2 is inf"),
            (TrainingSettings(optimizer: .init(method: .rmsprop, rho: 1)), "optimizer.rho is 1.0"),
        ])
    func refused(_ settings: TrainingSettings, _ message: String) throws {
        let network = try TrainerTests.network()
        var parameters = network.initialParameters(seed: 1)
        var trainer = Trainer(network: network, settings: settings)
        let error = #expect(throws: TrainingError.self) {
            try trainer.fit(&parameters, inputs: TrainerTests.rows(10))
        }
        #expect(try #require(error).description.contains(message))
    }

    /// One step of plain gradient descent from the same weights, with `settings` changed by `change`.
    private func stepLength(_ change: (inout TrainingSettings) -> Void) throws -> [Float] {
        let network = try TrainerTests.network()
        let start = network.initialParameters(seed: 1)
        var parameters = start
        var settings = TrainingSettings(
            epochs: 1, batchSize: 10, learningRate: 1, optimizer: .sgd, validationShare: 0)
        change(&settings)
        var trainer = Trainer(network: network, settings: settings)
        _ = try trainer.fit(&parameters, inputs: TrainerTests.rows(10))
        return (parameters - start).values
    }

    @Test("the gradient is shortened to the norm, keeps its direction, and is left alone if it is short enough")
    func clipNorm() throws {
        let whole = try stepLength { _ in }
        let clipped = try stepLength { $0.clipNorm = 0.01 }
        #expect(abs(ParameterVector(clipped).norm - 0.01) < 1e-6)
        let factor = 0.01 / Float(ParameterVector(whole).norm)
        for (a, b) in zip(clipped, whole) { #expect(abs(a - factor * b) < 1e-5) }
        #expect(try stepLength { $0.clipNorm = 1000 } == whole)
    }

    @Test("each element of the gradient is cut off at the value")
    func clipValue() throws {
        let whole = try stepLength { _ in }
        let clipped = try stepLength { $0.clipValue = 0.02 }
        #expect(whole.contains { abs($0) > 0.03 })
        for (a, b) in zip(clipped, whole) { #expect(abs(a - min(0.02, max(-0.02, b))) < 1e-6) }
    }

    @Test("L1 and L2 pull weights towards zero by their derivative, and leave biases alone")
    func penalties() throws {
        let network = try TrainerTests.network()
        let start = network.initialParameters(seed: 1).values
        let whole = try stepLength { _ in }
        let pulled = try stepLength {
            $0.l1 = 0.1
            $0.l2 = 0.25
        }
        for slot in network.slots {
            for i in slot.range {
                let sign: Float = start[i] > 0 ? 1 : -1
                let pull = slot.name.hasSuffix("weight") ? -0.1 * sign - 0.5 * start[i] : 0
                #expect(abs(pulled[i] - whole[i] - pull) < 1e-5)
            }
        }
    }

    @Test("a learning rate that falls to zero leaves the weights where they are from then on")
    func scheduleIsFollowed() throws {
        func train(epochs: Int) throws -> ParameterVector {
            let network = try TrainerTests.network()
            var parameters = network.initialParameters(seed: 1)
            var trainer = Trainer(
                network: network,
                settings: TrainingSettings(
                    epochs: epochs, optimizer: .sgd, schedule: .init(.cosine(epochs: 2)), validationShare: 0))
            _ = try trainer.fit(&parameters, inputs: TrainerTests.rows(64))
            return parameters
        }
        #expect(try train(epochs: 1) != train(epochs: 2))
        #expect(try train(epochs: 2) == train(epochs: 5))
    }

    @Test("a classifier learns from targets with class weights")
    func classifier() throws {
        var generator = SeededGenerator(seed: 4)
        var inputs = Matrix(rows: 0, columns: 2)
        var targets = Matrix(rows: 0, columns: 2)
        for row in 0..<400 {
            let isRare = row % 10 == 0
            inputs.appendRow([Float(generator.gaussian()), Float(generator.gaussian() + (isRare ? 5 : 0))])
            targets.appendRow(isRare ? [0, 1] : [1, 0])
        }
        let network = try Network(
            NetworkArchitecture(
                family: .classifier, inputWidth: 2,
                layers: [.dense(width: 8, activation: .relu), .dense(width: 2, activation: .identity)]))
        var parameters = network.initialParameters(seed: 1)
        var trainer = Trainer(
            network: network,
            settings: TrainingSettings(
                epochs: 60, learningRate: 0.02, loss: .categoricalCrossEntropy(classWeights: [1, 9]), patience: 60))
        _ = try trainer.fit(&parameters, inputs: inputs, targets: targets)
        let logits = network.reconstruct(inputs, parameters: parameters)
        let right = (0..<400).filter { (logits[$0, 1] > logits[$0, 0]) == ($0 % 10 == 0) }.count
        #expect(right >= 390)
        #expect(throws: TrainingError.targetShape(rows: 400, columns: 3, expectedRows: 400, expectedColumns: 2)) {
            try trainer.fit(&parameters, inputs: inputs, targets: Matrix(rows: 400, columns: 3))
        }
    }
}
