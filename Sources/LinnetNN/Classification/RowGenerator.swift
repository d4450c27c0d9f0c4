// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Makes rows like those of one class, by a GAN that has learned them.
public struct RowGenerator: Sendable {
    private let decoder: Network
    private let parameters: ParameterVector

    /// Trains a GAN on rows of one class.
    ///
    /// - Parameters:
    ///   - rows: standardized, `[rows, width]`, at least 1.
    ///   - epochs: the passes over the rows; few rows need many.
    /// - Throws: as `Trainer.fit`.
    public init(learning rows: Matrix, epochs: Int, seed: UInt64) throws(TrainingError) {
        let width = rows.columns
        let architecture = NetworkArchitecture.gan(
            inputWidth: width, hidden: [max(1, min(64, width))], latent: max(1, min(16, width / 2)),
            adversarialWeight: 1)
        guard let network = try? Network(architecture) else { throw .inputWidth(found: width, expected: 1) }
        var weights = network.initialParameters(seed: seed)
        var trainer = Trainer(
            network: network,
            settings: TrainingSettings(epochs: epochs, learningRate: 1e-3, clipNorm: 10, seed: seed, validationShare: 0)
        )
        _ = try trainer.fit(&weights, inputs: rows)
        guard let generator = network.decoder(parameters: weights) else { throw .parametersNotFinite }
        (decoder, parameters) = (generator.network, generator.parameters)
    }

    /// - Returns: `[count, width]`, other rows for another seed.
    public func rows(_ count: Int, seed: UInt64) -> Matrix {
        var generator = SeededGenerator(seed: seed)
        let width = decoder.inputWidth
        let noise = Matrix(
            rows: count, columns: width, values: (0..<count * width).map { _ in Float(generator.gaussian()) })
        return decoder.reconstruct(noise, parameters: parameters)
    }
}
