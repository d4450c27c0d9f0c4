// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Finds first weights for a deep autoencoder layer by layer, without passing an error back (a deep belief network,
/// unrolled: Hinton and Salakhutdinov 2006).
///
///     var parameters = try DeepBeliefPretraining().parameters(for: network, inputs: windows)
///     let report = try trainer.fit(&parameters, inputs: windows)          // fine-tuning
///
/// Each layer of the encoder is trained as a restricted Boltzmann machine on what the layer before makes of the rows; the
/// decoder starts from the same weights, transposed.
public struct DeepBeliefPretraining: Codable, Sendable, Hashable {
    /// The passes over the rows for each layer, 1 to 10,000.
    public var epochs: Int
    /// The rows of one step, 1 to 65,536.
    public var batchSize: Int
    /// The length of a step, above 0 and at most 1; Gaussian units become unstable with long ones.
    public var learningRate: Float
    /// Decides first weights, samples and the order of the rows.
    public var seed: UInt64

    public init(epochs: Int = 10, batchSize: Int = 32, learningRate: Float = 0.01, seed: UInt64 = 1) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.learningRate = learningRate
        self.seed = seed
    }

    /// Trains a machine for each layer of the encoder.
    ///
    /// - Parameters:
    ///   - network: a symmetric autoencoder of dense layers, sigmoid but for the output.
    ///   - inputs: standardized windows, `[rows, inputWidth]`, at least 1.
    ///   - pause: called after each batch; `false` ends the training of all layers, and their weights so far are taken.
    /// - Returns: weights and biases of encoder and decoder, all finite.
    /// - Throws: a number out of its range, another network, rows that do not fit or are not finite, or `.diverged`.
    public func parameters(
        for network: Network, inputs: Matrix, pause: () -> Bool = { true }
    ) throws(TrainingError) -> ParameterVector {
        let widths = try check(network, inputs)
        var generator = SeededGenerator(seed: seed)
        var rows = inputs
        var machines: [RestrictedBoltzmannMachine] = []
        for (visible, hidden) in zip(widths, widths.dropFirst()) {
            let machine = RestrictedBoltzmannMachine(
                visible: visible, hidden: hidden, isGaussian: machines.isEmpty,
                maximumBatch: min(batchSize, rows.rows), generator: &generator)
            try train(machine, rows, &generator, pause)
            var values = [Float](repeating: 0, count: rows.rows * hidden)
            rows.withUnsafeBufferPointer { v in
                if let v = v.baseAddress { machine.hiddenProbabilities(v, rows: rows.rows, into: &values) }
            }
            rows = Matrix(rows: rows.rows, columns: hidden, values: values)
            machines.append(machine)
        }
        return Self.unrolled(machines)
    }

    private func train(
        _ machine: RestrictedBoltzmannMachine, _ rows: Matrix, _ generator: inout SeededGenerator,
        _ pause: () -> Bool
    ) throws(TrainingError) {
        let width = machine.visible
        var order = (0..<Int32(rows.rows)).map { $0 }
        var batch = [Float](repeating: 0, count: min(batchSize, rows.rows) * width)
        for epoch in 1...epochs {
            generator.shuffle(&order)
            var goesOn = true
            for first in stride(from: 0, to: rows.rows, by: batchSize) {
                let count = min(batchSize, rows.rows - first)
                rows.withUnsafeBufferPointer { values in
                    for r in 0..<count {
                        let from = Int(order[first + r]) * width
                        for i in 0..<width { batch[r * width + i] = values[from + i] }
                    }
                }
                machine.step(batch, rows: count, learningRate: learningRate, generator: &generator)
                goesOn = pause()
                guard goesOn else { break }
            }
            guard machine.isFinite else { throw .diverged(epoch: epoch, learningRate: learningRate) }
            guard goesOn else { return }
        }
    }

    /// - Returns: the encoder's layers from the input on, then the decoder's, as `denseAutoencoder` lays them out.
    private static func unrolled(_ machines: [RestrictedBoltzmannMachine]) -> ParameterVector {
        var values: [Float] = []
        for machine in machines { values += machine.weights + machine.hiddenBias }
        for machine in machines.reversed() {
            for v in 0..<machine.visible {
                for h in 0..<machine.hidden { values.append(machine.weights[h * machine.visible + v]) }
            }
            values += machine.visibleBias
        }
        return ParameterVector(values)
    }

    /// - Returns: the widths from the input to the bottleneck.
    private func check(_ network: Network, _ inputs: Matrix) throws(TrainingError) -> [Int] {
        try TrainingSettings.check("epochs", epochs, within: 1...10_000)
        try TrainingSettings.check("batchSize", batchSize, within: 1...65_536)
        try TrainingSettings.check("learningRate", learningRate, within: Float.leastNormalMagnitude...1)
        let layers = network.architecture.layers
        let hidden = layers.prefix(layers.count / 2).compactMap { layer -> Int? in
            if case .dense(let dense) = layer { dense.width } else { nil }
        }
        let expected = NetworkArchitecture.denseAutoencoder(
            inputWidth: network.inputWidth, hidden: hidden, activation: .sigmoid)
        guard !hidden.isEmpty, network.architecture.layers == expected.layers else {
            throw .setting(
                name: "network", found: "not of that kind", allowed: "a symmetric dense autoencoder of sigmoid layers")
        }
        guard inputs.columns == network.inputWidth else {
            throw .inputWidth(found: inputs.columns, expected: network.inputWidth)
        }
        guard inputs.rows >= 1, inputs.rows <= Int32.max else { throw .rowCount(found: inputs.rows, minimum: 1) }
        if let row = Trainer.firstRowNotFinite(inputs) { throw .inputNotFinite(row: row) }
        return [network.inputWidth] + hidden
    }
}
