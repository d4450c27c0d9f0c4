// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics
import Testing

@Suite("Deep belief pretraining")
struct DeepBeliefTests {
    private static func network(_ hidden: [Int] = [20, 8]) throws -> Network {
        try Network(.denseAutoencoder(inputWidth: 36, hidden: hidden, activation: .sigmoid))
    }

    private static func loss(_ network: Network, _ parameters: ParameterVector, _ windows: Matrix) -> Double {
        let output = network.reconstruct(windows, parameters: parameters)
        return zip(output.values, windows.values).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
            / Double(windows.values.count)
    }

    @Test("layers learn the rows without a target, and fine-tuning goes on from there")
    func learns() throws {
        let network = try Self.network()
        let windows = FamilyTests.windows(800, seed: 1)
        let pretraining = DeepBeliefPretraining(epochs: 20, batchSize: 10)
        var parameters = try pretraining.parameters(for: network, inputs: windows)
        let random = Self.loss(network, network.initialParameters(seed: 1), windows)
        let pretrained = Self.loss(network, parameters, windows)
        #expect(pretrained < 0.6 * random)
        #expect(try pretraining.parameters(for: network, inputs: windows) == parameters)

        var trainer = Trainer(
            network: network, settings: TrainingSettings(epochs: 40, learningRate: 5e-3, patience: 40))
        let report = try trainer.fit(&parameters, inputs: windows)
        #expect(report.bestValidationLoss < 0.3 * pretrained)
        let scorer = try WindowScorer(network: network, parameters: parameters)
        func scores(_ windows: Matrix) -> [Double] {
            (0..<windows.rows).map { row in Array(windows.row(row)).withUnsafeBufferPointer { scorer.score($0) } }
        }
        let normal = scores(FamilyTests.windows(200, seed: 2)).sorted()
        #expect(scores(FamilyTests.windows(200, faulty: true, seed: 3)).filter { $0 > normal[189] }.count > 180)
    }

    @Test("one step of one machine is the contrastive divergence, written out in Double")
    func oneStep() throws {
        let (visible, hidden, rate) = (36, 3, 0.05)
        let network = try Self.network([hidden])
        let row = FamilyTests.windows(1, seed: 5)
        let pretraining = DeepBeliefPretraining(epochs: 1, learningRate: Float(rate), seed: 7)
        let found = try pretraining.parameters(for: network, inputs: row).values.map(Double.init)

        // The same random numbers, in the same order: weights, no shuffle of a single row, samples.
        var generator = SeededGenerator(seed: 7)
        let bound = (6 / Double(visible + hidden)).squareRoot()
        var w = (0..<hidden * visible).map { _ in Double(Float(bound * (2 * generator.uniform() - 1))) }
        let v0 = row.values.map(Double.init)
        func probability(_ v: [Double], _ h: Int) -> Double {
            Reference.sigmoid((0..<visible).reduce(0) { $0 + w[h * visible + $1] * v[$1] })
        }
        let p0 = (0..<hidden).map { probability(v0, $0) }
        let h0 = p0.map { generator.uniform() < $0 ? 1.0 : 0 }
        let v1 = (0..<visible).map { i in (0..<hidden).reduce(0) { $0 + h0[$1] * w[$1 * visible + i] } }
        let p1 = (0..<hidden).map { probability(v1, $0) }
        for h in 0..<hidden {
            for i in 0..<visible { w[h * visible + i] += rate * (p0[h] * v0[i] - p1[h] * v1[i]) }
        }
        let transposed = (0..<visible).flatMap { i in (0..<hidden).map { w[$0 * visible + i] } }
        let expected =
            w + (0..<hidden).map { rate * (p0[$0] - p1[$0]) } + transposed + zip(v0, v1).map { rate * ($0 - $1) }
        #expect(found.count == expected.count)
        for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-6) }
    }

    @Test("another network, rows that are not finite, and steps that blow up are refused")
    func refused() throws {
        let windows = FamilyTests.windows(20, seed: 1)
        let tanh = try Network(.denseAutoencoder(inputWidth: 36, hidden: [4]))
        let error = #expect(throws: TrainingError.self) {
            try DeepBeliefPretraining().parameters(for: tanh, inputs: windows)
        }
        #expect(try #require(error).description.contains("a symmetric dense autoencoder of sigmoid layers"))
        let network = try Self.network()
        var broken = windows
        broken[3, 0] = .nan
        #expect(throws: TrainingError.inputNotFinite(row: 3)) {
            try DeepBeliefPretraining().parameters(for: network, inputs: broken)
        }
        #expect(throws: TrainingError.rowCount(found: 0, minimum: 1)) {
            try DeepBeliefPretraining().parameters(for: network, inputs: Matrix(rows: 0, columns: 36))
        }
        var huge = windows
        for row in 0..<20 { huge[row, 0] = 3e38 }
        #expect(throws: TrainingError.diverged(epoch: 1, learningRate: 1)) {
            try DeepBeliefPretraining(epochs: 5, learningRate: 1).parameters(for: network, inputs: huge)
        }
        #expect(throws: TrainingError.self) {
            try DeepBeliefPretraining(learningRate: .nan).parameters(for: network, inputs: windows)
        }
    }
}
