// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Tells how badly a model explains a window, value by value, whatever its family.
///
///     let scorer = try WindowScorer(network: network, parameters: model.parameters)
///     let score = scorer.score(window)            // the mean of the errors of the values that are judged
///     let worst = scorer.errors.max()             // by value: position % channels is the channel
///
/// It owns its working memory, so scoring allocates nothing; use one for each thread.
public final class WindowScorer {
    public let network: Network
    private let parameters: ParameterVector
    private let workspace: Workspace
    private var expectation: [Float]
    private var squares: [Float]

    /// - Parameter parameters: `[parameterCount]`.
    /// - Throws: `NetworkError.noScore` if the family's outputs are not part of a window.
    public init(network: Network, parameters: ParameterVector) throws(NetworkError) {
        guard let family = ModelFamily(rawValue: network.architecture.family), family.target != .labels else {
            throw .noScore(family: network.architecture.family)
        }
        precondition(
            parameters.count == network.parameterCount,
            "\(network.parameterCount) parameters are needed, got \(parameters.count)")
        self.network = network
        self.parameters = parameters
        workspace = Workspace(network: network, maximumBatch: 1)
        expectation = [Float](repeating: 0, count: network.inputWidth)
        squares = expectation
    }

    /// Judges one standardized window, and leaves `expected` and `errors` behind.
    ///
    /// - Parameter window: `[inputWidth]`.
    /// - Returns: the mean squared error of the values that are judged: all, or the last ones for a forecaster. Never NaN:
    ///   what cannot be computed is as bad as can be.
    public func score(_ window: UnsafeBufferPointer<Float>) -> Double {
        let output = network.reconstruct(window, rows: 1, parameters: parameters, workspace: workspace)
        let first = window.count - output.count
        for i in 0..<first {
            expectation[i] = window[i]
            squares[i] = 0
        }
        var sum = 0.0
        for i in 0..<output.count {
            let difference = window[first + i] - output[i]
            expectation[first + i] = output[i]
            squares[first + i] = difference * difference
            sum += Double(difference) * Double(difference)
        }
        let score = sum / Double(output.count)
        return score.isFinite ? score : .greatestFiniteMagnitude
    }

    /// What the model expected of each value of the last window, `[inputWidth]`; a value that a forecaster only looks at
    /// is expected to be what it is.
    public var expected: [Float] { expectation }

    /// The squared error of each value of the last window, `[inputWidth]`; 0 where nothing is judged.
    public var errors: [Float] { squares }
}
