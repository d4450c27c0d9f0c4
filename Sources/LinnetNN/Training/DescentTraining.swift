// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Gradient descent on one loss: how every family without a companion is trained.
final class DescentTraining: BatchTraining {
    private let network: Network
    private let settings: TrainingSettings
    private let terms: GradientTerms
    private var parameters: ParameterVector
    private var gradient: ParameterVector
    private var optimizer: any Optimizer
    private let workspace: Workspace

    init(_ network: Network, _ settings: TrainingSettings, from start: TrainingStart, maximumBatch: Int) {
        self.network = network
        self.settings = settings
        terms = GradientTerms(settings, network: network, start: start)
        parameters = start.parameters
        let count = start.parameters.count
        gradient = ParameterVector(repeating: 0, count: count)
        optimizer = settings.optimizer.makeOptimizer(learningRate: settings.learningRate, count: count)
        workspace = Workspace(network: network, maximumBatch: maximumBatch, seed: settings.seed)
        // They must own their memory before the first step, or that step would copy it.
        parameters.withUnsafeMutableBufferPointer { _ in }
    }

    var isFinite: Bool { parameters.isFinite }

    func copyParameters(into target: inout ParameterVector) { target.assign(parameters) }

    func step(
        _ x: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>, rows: Int, epoch: Int, number: Int
    ) -> Double {
        let loss = network.loss(
            settings.loss, of: x, target: target, rows: rows, parameters: parameters, gradient: &gradient,
            workspace: workspace)
        terms.complete(&gradient, at: parameters)
        clipNorm()
        optimizer.learningRate = settings.learningRate(epoch: epoch, step: number)
        optimizer.step(&parameters, along: gradient)
        network.updateStatistics(&parameters, rows: rows, workspace: workspace)
        terms.restoreFrozen(&parameters)
        return loss
    }

    func loss(_ x: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>, rows: Int) -> Double {
        network.loss(settings.loss, of: x, target: target, rows: rows, parameters: parameters, workspace: workspace)
    }

    private func clipNorm() {
        guard settings.clipNorm > 0, let factor = settings.clipFactor(norm: gradient.norm) else { return }
        gradient.withUnsafeMutableBufferPointer { Kernels.scale($0, by: factor) }
    }
}
