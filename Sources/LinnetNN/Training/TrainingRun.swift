// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Everything one training needs in memory, allocated once, and its epochs.
final class TrainingRun {
    var report: TrainingReport
    private(set) var best: ParameterVector

    private let network: Network
    private let settings: TrainingSettings
    private let inputs: Matrix
    private let targets: TrainingTargets
    private let start: ParameterVector
    private let correction: ParameterVector?
    private var parameters: ParameterVector
    private var gradient: ParameterVector
    private var optimizer: any Optimizer
    private var order: [Int32]
    private var batch: [Float]
    private var targetBatch: [Float]
    private let weightRanges: [Range<Int>]
    private let workspace: Workspace
    private var lastValidationLoss = 0.0
    private var steps = 0

    init(
        network: Network, settings: TrainingSettings, inputs: Matrix, targets: Matrix?, start: ParameterVector,
        correction: ParameterVector?
    ) {
        self.network = network
        self.settings = settings
        self.inputs = inputs
        self.targets = TrainingTargets(targets, inputs: inputs, width: network.outputWidth)
        self.start = start
        self.correction = correction
        // Finite and in 0...0.9 (validated), so the product converts and leaves at least one row to train on.
        let heldOut = Int(Double(inputs.rows) * settings.validationShare)
        let trainingRows = inputs.rows - heldOut
        let batchRows = min(settings.batchSize, trainingRows)
        parameters = start
        best = start
        gradient = ParameterVector(repeating: 0, count: start.count)
        optimizer = settings.optimizer.makeOptimizer(learningRate: settings.learningRate, count: start.count)
        order = (0..<Int32(trainingRows)).map { $0 }
        batch = [Float](repeating: 0, count: batchRows * network.inputWidth)
        let maximumBatch = max(batchRows, min(inputs.rows, 256))
        targetBatch = [Float](
            repeating: 0, count: self.targets.areInputs ? 0 : maximumBatch * network.outputWidth)
        workspace = Workspace(network: network, maximumBatch: maximumBatch, seed: settings.seed)
        var ranges: [Range<Int>] = []
        network.layers.forEachTensor { _, tensor, range in if tensor.isWeight { ranges.append(range) } }
        weightRanges = settings.l1 > 0 || settings.l2 > 0 ? ranges : []
        report = TrainingReport(
            epochs: [], initialValidationLoss: 0, bestValidationLoss: 0, bestEpoch: 0,
            trainingRows: trainingRows, validationRows: heldOut, stoppedEarly: false)
        report.epochs.reserveCapacity(settings.epochs)
        report.initialValidationLoss = loss(of: heldOut > 0 ? trainingRows..<inputs.rows : 0..<inputs.rows)
        report.bestValidationLoss = report.initialValidationLoss
        // Both must own their memory before the first step, or that step would copy it.
        parameters.withUnsafeMutableBufferPointer { _ in }
        best.withUnsafeMutableBufferPointer { _ in }
    }

    /// Whether the last epoch's losses and the weights themselves are finite.
    var isFinite: Bool { lastValidationLoss.isFinite && parameters.isFinite }

    /// Takes one step for each batch of the shuffled training rows.
    ///
    /// - Returns: the mean loss, each batch measured before its step; not finite as soon as one batch's is not.
    func trainEpoch(shufflingWith generator: inout SeededGenerator, pause: () -> Bool) -> Double {
        generator.shuffle(&order)
        let batchRows = batch.count / network.inputWidth
        var sum = 0.0
        var first = 0
        while first < order.count {
            let rows = min(batchRows, order.count - first)
            let loss = trainBatch(first: first, rows: rows)
            guard loss.isFinite else { return loss }
            sum += loss * Double(rows)
            first += rows
            if !pause() {
                report.isInterrupted = true
                break
            }
        }
        return sum / Double(first)
    }

    /// Notes the losses of an epoch, and keeps the weights if they are the best so far.
    ///
    /// - Returns: whether they are.
    func closeEpoch(trainingLoss: Double) -> Bool {
        let hasHeldOut = report.validationRows > 0
        let validation = hasHeldOut ? loss(of: report.trainingRows..<inputs.rows) : trainingLoss
        report.epochs.append(.init(training: trainingLoss, validation: validation))
        lastValidationLoss = validation
        // Without held-out rows nothing can judge the weights: the last ones are kept.
        guard !hasHeldOut || validation < report.bestValidationLoss else { return false }
        report.bestValidationLoss = validation
        report.bestEpoch = report.epochs.count
        report.steps = steps
        best.assign(parameters)
        return true
    }

    private func trainBatch(first: Int, rows: Int) -> Double {
        let width = network.inputWidth
        gather(rows: rows, of: inputs, from: 0, width: width, into: &batch) { Int(order[first + $0]) }
        let loss = batch.withUnsafeBufferPointer { batch in
            let x = UnsafeBufferPointer(rebasing: batch[0..<rows * width])
            return withTargets(of: x, rows: rows) {
                Int(order[first + $0])
            } then: { x, t in
                network.loss(
                    settings.loss, of: x, target: t, rows: rows, parameters: parameters, gradient: &gradient,
                    workspace: workspace)
            }
        }
        if settings.proximalMu > 0 { addProximalTerm() }
        for range in weightRanges { addPenalty(range) }
        if let correction { gradient.add(correction, times: 1) }
        clip()
        let epoch = report.epochs.count
        optimizer.learningRate = Float(
            Double(settings.learningRate) * settings.schedule.factor(epoch: epoch, step: steps))
        optimizer.step(&parameters, along: gradient)
        network.updateStatistics(&parameters, rows: rows, workspace: workspace)
        steps += 1
        return loss
    }

    /// Calls `body` with `x` and the targets of its rows, of which `row` names the places in the data.
    private func withTargets(
        of x: UnsafeBufferPointer<Float>, rows: Int, row: (Int) -> Int,
        then body: (UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>) -> Double
    ) -> Double {
        if targets.areInputs { return body(x, x) }
        let width = network.outputWidth
        gather(rows: rows, of: targets.matrix, from: targets.firstColumn, width: width, into: &targetBatch, row: row)
        return targetBatch.withUnsafeBufferPointer { body(x, UnsafeBufferPointer(rebasing: $0[0..<rows * width])) }
    }

    /// Copies `width` columns, from column `first` on, of the rows that `row` names one after another.
    private func gather(
        rows: Int, of matrix: Matrix, from first: Int, width: Int, into values: inout [Float], row: (Int) -> Int
    ) {
        matrix.withUnsafeBufferPointer { source in
            values.withUnsafeMutableBufferPointer { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                for r in 0..<rows {
                    (to + r * width).update(from: from + row(r) * matrix.columns + first, count: width)
                }
            }
        }
    }

    /// Adds the derivative of `μ/2 ||w - w₀||²`, which is `μ (w - w₀)`.
    private func addProximalTerm() {
        let mu = settings.proximalMu
        parameters.withUnsafeBufferPointer { w in
            start.withUnsafeBufferPointer { w0 in
                gradient.withUnsafeMutableBufferPointer { Kernels.addDifference(w, w0, times: mu, to: $0) }
            }
        }
    }

    /// Adds the derivative of `l1 sum |w| + l2 sum w²` over the weights in `range`.
    private func addPenalty(_ range: Range<Int>) {
        let (l1, l2) = (settings.l1, settings.l2)
        parameters.withUnsafeBufferPointer { w in
            gradient.withUnsafeMutableBufferPointer { g in
                for i in range { g[i] += 2 * l2 * w[i] + (w[i] > 0 ? l1 : (w[i] < 0 ? -l1 : 0)) }
            }
        }
    }

    /// Shortens the gradient as the settings say. PyTorch adds 1e-6 to the norm, which this does too.
    private func clip() {
        if settings.clipValue > 0 {
            gradient.withUnsafeMutableBufferPointer { Kernels.clip($0, to: settings.clipValue) }
        }
        guard settings.clipNorm > 0 else { return }
        let factor = Double(settings.clipNorm) / (gradient.norm + 1e-6)
        if factor < 1 { gradient.withUnsafeMutableBufferPointer { Kernels.scale($0, by: Float(factor)) } }
    }

    /// - Returns: the loss over the rows in `range`, in the order they came in.
    private func loss(of range: Range<Int>) -> Double {
        let width = network.inputWidth
        return inputs.withUnsafeBufferPointer { values in
            var sum = 0.0
            var first = range.lowerBound
            while first < range.upperBound {
                let rows = min(workspace.maximumBatch, range.upperBound - first)
                let x = UnsafeBufferPointer(rebasing: values[first * width..<(first + rows) * width])
                let part = withTargets(of: x, rows: rows) {
                    first + $0
                } then: { x, t in
                    network.loss(
                        settings.loss, of: x, target: t, rows: rows, parameters: parameters, workspace: workspace)
                }
                sum += Double(rows) * part
                first += rows
            }
            return sum / Double(range.count)
        }
    }
}
