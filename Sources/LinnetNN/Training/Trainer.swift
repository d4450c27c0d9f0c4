// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Trains a network on rows of data by mini-batches, and keeps the weights that did best on held-out rows.
///
///     var trainer = Trainer(network: network, settings: TrainingSettings(epochs: 20))
///     let report = try trainer.fit(&parameters, inputs: windows)
///
/// It works on the calling thread alone, allocates everything before the first step and nothing after it. The held-out
/// rows are the *last* ones: rows are in the order of time, and neighbouring windows overlap, so a random choice would
/// hold out near-copies of what was trained on.
public struct Trainer: Sendable {
    public let network: Network
    public let settings: TrainingSettings
    /// Goes on from one `fit` to the next, so that two in a row do not see the rows in the same order.
    private var generator: SeededGenerator

    /// Settings are checked by `fit`.
    public init(network: Network, settings: TrainingSettings) {
        self.network = network
        self.settings = settings
        generator = SeededGenerator(seed: settings.seed)
    }

    /// Trains `parameters` in place.
    ///
    /// - Parameters:
    ///   - parameters: where to start, `[parameterCount]`; the best weights at the end. Untouched if this throws.
    ///   - inputs: standardized windows in the order of time, `[rows, inputWidth]`.
    ///   - targets: what should come out for each row, `[rows, outputWidth]`. Without them it is the last `outputWidth`
    ///     values of the row: all of it for an autoencoder.
    ///   - correction: added to the gradient of every step, `[parameterCount]`; what control variates come to.
    ///   - frozen: parameters that stay as they are, ranges of the flat vector; see `Network.parameterRanges(of:)`.
    ///   - pause: called after each batch. It may sleep to keep a CPU budget; `false` ends the training, and the best
    ///     weights so far are kept.
    /// - Returns: the loss of every epoch and which weights were kept.
    /// - Throws: a setting, shape or number that is out of its range, or `.diverged`.
    public mutating func fit(
        _ parameters: inout ParameterVector, inputs: Matrix, targets: Matrix? = nil,
        correction: ParameterVector? = nil, frozen: [Range<Int>] = [], pause: () -> Bool = { true }
    ) throws(TrainingError) -> TrainingReport {
        try check(parameters, inputs, targets)
        for range in frozen {
            precondition(
                range.lowerBound >= 0 && range.upperBound <= parameters.count,
                "frozen \(range) of \(parameters.count) parameters")
        }
        if let correction {
            guard correction.count == parameters.count else {
                throw .parameterCount(found: correction.count, expected: parameters.count)
            }
            guard correction.isFinite else { throw .parametersNotFinite }
        }
        let run = TrainingRun(
            network: network, settings: settings, inputs: inputs, targets: targets, start: parameters,
            correction: correction, frozen: frozen)
        var epochsWithoutGain = 0
        for epoch in 1...settings.epochs {
            let loss = run.trainEpoch(shufflingWith: &generator, pause: pause)
            guard loss.isFinite else { throw .diverged(epoch: epoch, learningRate: settings.learningRate) }
            // An epoch that was cut short counts: of a device that never ends one in its time, it is all there is.
            let isBetter = run.closeEpoch(trainingLoss: loss)
            guard run.isFinite else { throw .diverged(epoch: epoch, learningRate: settings.learningRate) }
            if run.report.isInterrupted { break }
            epochsWithoutGain = isBetter ? 0 : epochsWithoutGain + 1
            if run.report.validationRows > 0, epochsWithoutGain >= settings.patience, epoch < settings.epochs {
                run.report.stoppedEarly = true
                break
            }
        }
        parameters = run.best
        return run.report
    }

    private func check(
        _ parameters: ParameterVector, _ inputs: Matrix, _ targets: Matrix?
    ) throws(TrainingError) {
        try settings.validate()
        guard inputs.columns == network.inputWidth else {
            throw .inputWidth(found: inputs.columns, expected: network.inputWidth)
        }
        guard inputs.rows >= 1, inputs.rows <= Int32.max else { throw .rowCount(found: inputs.rows, minimum: 1) }
        let classes = network.layers.outputShape.channels
        guard settings.loss.classWeights.isEmpty || settings.loss.classWeights.count == classes else {
            throw .setting(
                name: "loss.classWeights", found: "\(settings.loss.classWeights.count) weights",
                allowed: "empty or one for each of \(classes) classes")
        }
        if let targets {
            guard network.architecture.companion == nil else {
                throw .setting(
                    name: "targets", found: "given", allowed: "left out: a \(network.architecture.family) learns rows")
            }
            guard targets.rows == inputs.rows, targets.columns == network.outputWidth else {
                throw .targetShape(
                    rows: targets.rows, columns: targets.columns, expectedRows: inputs.rows,
                    expectedColumns: network.outputWidth)
            }
            if let row = Self.firstRowNotFinite(targets) { throw .targetNotFinite(row: row) }
        } else if network.outputWidth > network.inputWidth {
            throw .targetsMissing(outputWidth: network.outputWidth, inputWidth: network.inputWidth)
        }
        guard parameters.count == network.parameterCount else {
            throw .parameterCount(found: parameters.count, expected: network.parameterCount)
        }
        guard parameters.isFinite else { throw .parametersNotFinite }
        if let row = Self.firstRowNotFinite(inputs) { throw .inputNotFinite(row: row) }
    }

    static func firstRowNotFinite(_ matrix: Matrix) -> Int? {
        if matrix.withUnsafeBufferPointer(Kernels.isFinite) { return nil }
        return (0..<matrix.rows).first { !matrix.row($0).allSatisfy(\.isFinite) }
    }
}
