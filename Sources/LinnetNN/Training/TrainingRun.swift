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
    private let training: any BatchTraining
    private let maximumBatch: Int
    private var order: [Int32]
    private var batch: [Float]
    private var targetBatch: [Float]
    private var lastValidationLoss = 0.0
    private var steps = 0

    init(
        network: Network, settings: TrainingSettings, inputs: Matrix, targets: Matrix?, start: ParameterVector,
        correction: ParameterVector?, frozen: [Range<Int>]
    ) {
        self.network = network
        self.settings = settings
        self.inputs = inputs
        self.targets = TrainingTargets(targets, inputs: inputs, width: network.outputWidth)
        // Finite and in 0...0.9 (validated), so the product converts and leaves at least one row to train on.
        let heldOut = Int(Double(inputs.rows) * settings.validationShare)
        let trainingRows = inputs.rows - heldOut
        let batchRows = min(settings.batchSize, trainingRows)
        best = start
        order = (0..<Int32(trainingRows)).map { $0 }
        batch = [Float](repeating: 0, count: batchRows * network.inputWidth)
        // Where nothing else asks for more, the losses over all rows take no more memory than a step does.
        maximumBatch = max(batchRows, min(inputs.rows, 32))
        targetBatch = [Float](
            repeating: 0, count: self.targets.areInputs ? 0 : maximumBatch * network.outputWidth)
        let beginning = TrainingStart(parameters: start, correction: correction, frozen: frozen)
        training =
            switch (ModelFamily(rawValue: network.architecture.family)?.opponent, NetworkParts(network)) {
            case (.decoder, let parts?):
                SecondDecoderTraining(network, parts, settings, from: beginning, maximumBatch: maximumBatch)
            case (.discriminator, let parts?):
                DiscriminatorTraining(network, parts, settings, from: beginning, maximumBatch: maximumBatch)
            default: DescentTraining(network, settings, from: beginning, maximumBatch: maximumBatch)
            }
        report = TrainingReport(
            epochs: [], initialValidationLoss: 0, bestValidationLoss: 0, bestEpoch: 0,
            trainingRows: trainingRows, validationRows: heldOut, stoppedEarly: false)
        report.epochs.reserveCapacity(settings.epochs)
        report.initialValidationLoss = loss(of: heldOut > 0 ? trainingRows..<inputs.rows : 0..<inputs.rows)
        report.bestValidationLoss = report.initialValidationLoss
        // It must own its memory before the first step, or that step would copy it.
        best.withUnsafeMutableBufferPointer { _ in }
    }

    /// Whether the last epoch's losses and the weights themselves are finite.
    var isFinite: Bool { lastValidationLoss.isFinite && training.isFinite }

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
        training.copyParameters(into: &best)
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
                training.step(x, target: t, rows: rows, epoch: report.epochs.count, number: steps)
            }
        }
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

    /// - Returns: the loss over the rows in `range`, in the order they came in.
    private func loss(of range: Range<Int>) -> Double {
        let width = network.inputWidth
        return inputs.withUnsafeBufferPointer { values in
            var sum = 0.0
            var first = range.lowerBound
            while first < range.upperBound {
                let rows = min(maximumBatch, range.upperBound - first)
                let x = UnsafeBufferPointer(rebasing: values[first * width..<(first + rows) * width])
                let part = withTargets(of: x, rows: rows) {
                    first + $0
                } then: { x, t in
                    training.loss(x, target: t, rows: rows)
                }
                sum += Double(rows) * part
                first += rows
            }
            return sum / Double(range.count)
        }
    }
}
