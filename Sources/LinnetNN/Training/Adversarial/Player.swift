// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// One of the networks of a game, with its weights, the gradient it has collected, and room for several passes at once.
///
/// A pass keeps what its backward needs, so a network that is used twice in one loss needs two.
final class Player {
    let network: Network
    private(set) var parameters: ParameterVector
    private var gradient: ParameterVector
    private var passGradient: ParameterVector
    private var optimizers: [any Optimizer]
    private let passes: [Workspace]
    private let terms: GradientTerms

    /// - Parameters:
    ///   - passes: how many passes one loss needs at the most.
    ///   - games: how many losses the network descends in turn, each with an optimizer of its own.
    init(
        _ network: Network, _ settings: TrainingSettings, from start: TrainingStart, maximumBatch: Int, passes: Int,
        games: Int = 1
    ) {
        self.network = network
        parameters = start.parameters
        let count = start.parameters.count
        gradient = ParameterVector(repeating: 0, count: count)
        passGradient = gradient
        optimizers = (0..<games).map { _ in
            settings.optimizer.makeOptimizer(learningRate: settings.learningRate, count: count)
        }
        self.passes = (0..<passes).map {
            Workspace(network: network, maximumBatch: maximumBatch, seed: settings.seed &+ UInt64($0))
        }
        terms = GradientTerms(settings, network: network, start: start)
        // They must own their memory before the first step, or that step would copy it.
        parameters.withUnsafeMutableBufferPointer { _ in }
        passGradient.withUnsafeMutableBufferPointer { _ in }
    }

    /// Runs rows through the network.
    ///
    /// - Returns: the output, valid until the pass is used again.
    func forward(
        _ x: UnsafePointer<Float>, rows: Int, pass: Int = 0, isTraining: Bool = true
    ) -> UnsafeMutablePointer<Float> {
        let workspace = passes[pass]
        parameters.withUnsafeBufferPointer { weights in
            guard let weights = weights.baseAddress else { return }
            _ = network.forward(x, rows: rows, parameters: weights, workspace: workspace, isTraining: isTraining)
        }
        return workspace.outputs[network.layers.count - 1]
    }

    /// Passes the derivative by the output of a pass back, and adds that by the weights to what has been collected.
    ///
    /// - Parameters:
    ///   - x: what went into that pass.
    ///   - slope: `[rows, outputWidth]`.
    ///   - inputSlope: receives the derivative by x, `[rows, inputWidth]`, if it is wanted.
    func backward(
        _ x: UnsafePointer<Float>, rows: Int, pass: Int = 0, slope: UnsafePointer<Float>,
        inputSlope: UnsafeMutablePointer<Float>? = nil
    ) {
        let workspace = passes[pass]
        workspace.delta.update(from: slope, count: rows * network.outputWidth)
        parameters.withUnsafeBufferPointer { weights in
            passGradient.withUnsafeMutableBufferPointer { collected in
                guard let weights = weights.baseAddress, let collected = collected.baseAddress else { return }
                network.backward(
                    x, rows: rows, parameters: weights, gradient: collected, inputSlope: inputSlope,
                    workspace: workspace)
            }
        }
        gradient.add(passGradient, times: 1)
    }

    /// Forgets the collected gradient: another loss follows.
    func clearGradient() {
        gradient.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    }

    /// Adds to the collected gradient what the settings ask for.
    ///
    /// - Returns: the square of its norm.
    func completeGradient() -> Double {
        terms.complete(&gradient, at: parameters)
        return gradient.withUnsafeBufferPointer(Kernels.sumOfSquares)
    }

    /// Follows the collected gradient.
    ///
    /// - Parameters:
    ///   - game: which loss it is of; a network that descends only one has only that.
    ///   - factor: by what it is shortened first.
    func step(game: Int, learningRate: Float, shortenedBy factor: Float?, rows: Int) {
        if let factor { gradient.withUnsafeMutableBufferPointer { Kernels.scale($0, by: factor) } }
        let game = min(game, optimizers.count - 1)
        optimizers[game].learningRate = learningRate
        optimizers[game].step(&parameters, along: gradient)
        network.updateStatistics(&parameters, rows: rows, workspace: passes[0])
        terms.restoreFrozen(&parameters)
    }
}

extension TrainingSettings {
    /// Takes one step of each of the players of a game, by the gradients they have collected.
    func step(_ players: [Player], game: Int, learningRate: Float, rows: Int) {
        var square = 0.0
        for player in players { square += player.completeGradient() }
        let factor = clipNorm > 0 ? clipFactor(norm: square.squareRoot()) : nil
        for player in players { player.step(game: game, learningRate: learningRate, shortenedBy: factor, rows: rows) }
    }
}
