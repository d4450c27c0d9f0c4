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
    private let companion: Companion?
    private var expectation: [Float]
    private var squares: [Float]

    /// The second network of an adversarial model, in use.
    private struct Companion {
        var network: Network
        var parameters: ParameterVector
        var workspace: Workspace
        var isDecoder: Bool
        var share: Double

        /// - Returns: its output for one window: a window or a logit.
        func output(_ window: UnsafeBufferPointer<Float>) -> UnsafeBufferPointer<Float> {
            network.reconstruct(window, rows: 1, parameters: parameters, workspace: workspace)
        }
    }

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
        let share = Double(network.architecture.companion?.scoreShare ?? 0)
        companion = network.companion(parameters: parameters).map { network, parameters in
            Companion(
                network: network, parameters: parameters, workspace: Workspace(network: network, maximumBatch: 1),
                isDecoder: family.opponent == .decoder, share: share)
        }
        expectation = [Float](repeating: 0, count: network.inputWidth)
        squares = expectation
    }

    /// Judges one standardized window, and leaves `expected` and `errors` behind.
    ///
    /// - Parameter window: `[inputWidth]`.
    /// - Returns: the mean squared error of the values that are judged: all, or the last ones for a forecaster. With a
    ///   discriminator it is `(1-λ)` times that plus `λ log(1 + exp(-D(x)))`, λ being the companion's share of the score.
    ///   Never NaN: what cannot be computed is as bad as can be.
    public func score(_ window: UnsafeBufferPointer<Float>) -> Double {
        let output = network.reconstruct(window, rows: 1, parameters: parameters, workspace: workspace)
        guard let companion else { return Self.finite(judge(window, output)) }
        if companion.isDecoder { return Self.finite(judge(window, output, companion.output(output), companion.share)) }
        let error = judge(window, output)
        guard companion.share > 0, let logit = companion.output(window).first else { return Self.finite(error) }
        return Self.finite((1 - companion.share) * error + companion.share * Double(Kernels.softplus(-logit)))
    }

    /// What the model expected of each value of the last window, `[inputWidth]`; a value that a forecaster only looks at
    /// is expected to be what it is.
    public var expected: [Float] { expectation }

    /// The squared error of each value of the last window, `[inputWidth]`; 0 where nothing is judged. Of `usad` it is of
    /// both reconstructions, by their shares, between the sigmoids of the values.
    public var errors: [Float] { squares }

    /// - Returns: the mean squared error of the values that come out, the last ones of the window.
    private func judge(_ window: UnsafeBufferPointer<Float>, _ output: UnsafeBufferPointer<Float>) -> Double {
        let first = window.count - output.count
        return expectation.withUnsafeMutableBufferPointer { expectation in
            squares.withUnsafeMutableBufferPointer { squares in
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
                return sum / Double(output.count)
            }
        }
    }

    /// - Returns: the mean of `(1-β) (σ(x) - σ(w1))² + β (σ(x) - σ(w3))²` (Audibert et al. 2020, eq. 8).
    private func judge(
        _ window: UnsafeBufferPointer<Float>, _ first: UnsafeBufferPointer<Float>,
        _ second: UnsafeBufferPointer<Float>, _ share: Double
    ) -> Double {
        expectation.withUnsafeMutableBufferPointer { expectation in
            squares.withUnsafeMutableBufferPointer { squares in
                var sum = 0.0
                for i in 0..<window.count {
                    let x = Kernels.sigmoid(window[i])
                    let (difference, opposite) = (x - Kernels.sigmoid(first[i]), x - Kernels.sigmoid(second[i]))
                    expectation[i] = first[i]
                    squares[i] = (1 - Float(share)) * difference * difference + Float(share) * opposite * opposite
                    sum += Double(squares[i])
                }
                return sum / Double(window.count)
            }
        }
    }

    private static func finite(_ score: Double) -> Double { score.isFinite ? score : .greatestFiniteMagnitude }
}
