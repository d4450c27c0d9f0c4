// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Trains a classifier on labelled rows, whatever their classes' sizes.
///
///     let network = try Network(ModelDescription(.classifier).architecture(length: 12, channels: 8))
///     var parameters = network.initialParameters(seed: 1)
///     let training = ClassifierTraining(network: network, settings: settings, balancing: .jitter())
///     _ = try training.fit(&parameters, to: rows)
///     let found = network.classes(of: windows, parameters: parameters)
///
/// The held-out rows are the last ones, as in `Trainer`, and stay as they are: only what is trained on is balanced, so no
/// repeated row judges itself.
public struct ClassifierTraining: Sendable {
    public let network: Network
    public let settings: TrainingSettings
    public let balancing: Balancing

    /// - Parameter settings: their loss is replaced by the categorical cross-entropy.
    public init(network: Network, settings: TrainingSettings, balancing: Balancing = .none) {
        self.network = network
        self.settings = settings
        self.balancing = balancing
    }

    /// Trains `parameters` in place.
    ///
    /// - Parameters:
    ///   - parameters: where to start; the best weights at the end. Untouched if this throws.
    ///   - rows: in the order of time, or shuffled; as many classes as the network has outputs.
    /// - Throws: as `Trainer.fit` and `LabelledRows.balanced`.
    public func fit(_ parameters: inout ParameterVector, to rows: LabelledRows) throws(TrainingError) -> TrainingReport
    {
        try settings.validate()
        guard rows.classes == network.outputWidth else {
            throw .setting(
                name: "classes", found: "\(rows.classes)", allowed: "\(network.outputWidth), one for each output")
        }
        // Validated, so the product converts and leaves at least one row to train on.
        let heldOut = Int(Double(rows.count) * settings.validationShare)
        let known = rows.rows(Array(0..<rows.count - heldOut))
        var all = try known.balanced(by: balancing, seed: settings.seed)
        let trainingRows = all.count
        // Undersampling may leave so few that the rest of the held-out rows could not be a share of all.
        let judges = min(heldOut, 8 * trainingRows)
        for row in rows.count - judges..<rows.count { all.append(rows.inputs.row(row), label: rows.labels[row]) }

        var settings = settings
        settings.loss = .categoricalCrossEntropy
        if balancing == .classWeights { settings.loss.classWeights = known.balancedWeights }
        // Half a row more, so that rounding down gives exactly as many rows.
        settings.validationShare = judges > 0 ? (Double(judges) + 0.5) / Double(trainingRows + judges) : 0
        var trainer = Trainer(network: network, settings: settings)
        return try trainer.fit(&parameters, inputs: all.inputs, targets: all.targets)
    }
}

extension Network {
    /// The class with the largest logit for each row, the first of equal ones.
    ///
    /// - Parameters:
    ///   - inputs: `[rows, inputWidth]`.
    ///   - parameters: `[parameterCount]`.
    public func classes(of inputs: Matrix, parameters: ParameterVector) -> [Int] {
        let logits = reconstruct(inputs, parameters: parameters)
        return (0..<logits.rows).map { row in
            let values = logits.row(row)
            var best = values.startIndex
            for i in values.indices where values[i] > values[best] { best = i }
            return best - values.startIndex
        }
    }

    /// The share that the network gives each class for each row, `[rows, outputWidth]`; those of a row add up to one.
    public func probabilities(of inputs: Matrix, parameters: ParameterVector) -> Matrix {
        let logits = reconstruct(inputs, parameters: parameters)
        var shares = [Float](repeating: 0, count: logits.rows * logits.columns)
        logits.withUnsafeBufferPointer { logits in
            guard let from = logits.baseAddress else { return }
            Kernels.softmax(from, into: &shares, rows: shares.count / outputWidth, columns: outputWidth)
        }
        return Matrix(rows: logits.rows, columns: logits.columns, values: shares)
    }
}
