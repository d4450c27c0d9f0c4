// SPDX-License-Identifier: Apache-2.0

/// Why a network was not trained. The parameters are as they were before.
public enum TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A setting is out of its range.
    case setting(name: String, found: String, allowed: String)
    /// There are too few rows to train on, or more than can be counted.
    case rowCount(found: Int, minimum: Int)
    /// The rows are not as wide as the network's input.
    case inputWidth(found: Int, expected: Int)
    /// The parameters are not as many as the network has.
    case parameterCount(found: Int, expected: Int)
    /// The targets are not one row for each row of input, as wide as the network's output.
    case targetShape(rows: Int, columns: Int, expectedRows: Int, expectedColumns: Int)
    /// The output is wider than the input, so no part of a row can be its target.
    case targetsMissing(outputWidth: Int, inputWidth: Int)
    /// A target holds a NaN or an infinity.
    case targetNotFinite(row: Int)
    /// A row of the input holds a NaN or an infinity.
    case inputNotFinite(row: Int)
    /// A starting parameter is NaN or infinite.
    case parametersNotFinite
    /// The loss or the weights became NaN or infinite.
    case diverged(epoch: Int, learningRate: Float)

    public var description: String {
        switch self {
        case .setting(let name, let found, let allowed):
            "training: \(name) is \(found); it must be \(allowed)"
        case .rowCount(let found, let minimum):
            "training: \(found) rows; between \(minimum) and \(Int32.max) are needed"
        case .inputWidth(let found, let expected):
            "training: rows of \(found) values for a network with \(expected) inputs"
        case .parameterCount(let found, let expected):
            "training: \(found) parameters for a network that has \(expected)"
        case .targetShape(let rows, let columns, let expectedRows, let expectedColumns):
            "training: targets of \(rows) x \(columns) values; \(expectedRows) x \(expectedColumns) are needed"
        case .targetsMissing(let outputWidth, let inputWidth):
            "training: \(outputWidth) outputs for rows of \(inputWidth) values; targets must be given"
        case .targetNotFinite(let row):
            "training: the target of row \(row) holds a value that is not finite; leave such rows out"
        case .inputNotFinite(let row):
            "training: row \(row) holds a value that is not finite; leave such rows out"
        case .parametersNotFinite:
            "training: a starting parameter is not finite; start from another model"
        case .diverged(let epoch, let learningRate):
            "training: the loss is not finite in epoch \(epoch); lower the learning rate, which is \(learningRate)"
        }
    }
}
