// SPDX-License-Identifier: Apache-2.0
//
// n judged values, the window's last; t [n] those of a window x, y = f(x) [n] the output, σ the sigmoid.
//   autoencoder, forecaster   S = 1/n ||t - y||^2
//   usad                      S = 1/n ((1-β) ||σ(x) - σ(y)||^2 + β ||σ(x) - σ(w)||^2),  w = c(y), c encoder and second decoder
//   discriminator             S = (1-λ)/n ||x - y||^2 + λ log(1 + exp(-D(x)))

import LinnetNumerics

/// How the score of a window would change with each of its values, by passing derivatives back through the networks.
///
/// The score is that of `WindowScorer`. It owns its working memory; use one for each thread.
public final class ScoreGradient {
    public let network: Network
    private let main: UsePass
    private let companion: UsePass?
    private let isSecondDecoder: Bool
    private let share: Float

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
        main = UsePass(network, parameters)
        companion = network.companion(parameters: parameters).map { UsePass($0.network, $0.parameters) }
        isSecondDecoder = family.opponent == .decoder
        share = network.architecture.companion?.scoreShare ?? 0
    }

    /// Computes the score of a standardized window and its derivative by each value.
    ///
    /// - Parameter gradient: receives the derivative, `[inputWidth]`.
    /// - Returns: the score, of the networks as they are in use; never NaN.
    public func evaluate(_ window: [Float], gradient: inout [Float]) -> Double {
        let width = network.inputWidth
        precondition(
            window.count == width && gradient.count == width, "windows of \(width) values, got \(window.count)")
        for i in gradient.indices { gradient[i] = 0 }
        main.forward(window)
        let score: Double
        if let companion, isSecondDecoder {
            score = evaluate(window, against: companion, &gradient)
        } else {
            score = evaluateError(window, &gradient) + evaluateDiscriminator(window, &gradient)
        }
        return score.isFinite ? score : .greatestFiniteMagnitude
    }

    /// `(1-λ)/n ||t - y||^2`; λ is 0 without a companion.
    private func evaluateError(_ window: [Float], _ gradient: inout [Float]) -> Double {
        let outputs = network.outputWidth
        let first = window.count - outputs
        let weight = companion == nil ? 1 : 1 - share
        var slope = [Float](repeating: 0, count: outputs)
        var sum = 0.0
        for i in 0..<outputs {
            let difference = window[first + i] - main.output[i]
            sum += Double(difference) * Double(difference)
            slope[i] = -2 * weight * difference / Float(outputs)
            gradient[first + i] -= slope[i]
        }
        main.backward(window, outputSlope: slope, addingTo: &gradient)
        return Double(weight) * sum / Double(outputs)
    }

    /// `λ log(1 + exp(-D(x)))`, whose slope by D is `-λ σ(-D)`.
    private func evaluateDiscriminator(_ window: [Float], _ gradient: inout [Float]) -> Double {
        guard let companion, share > 0 else { return 0 }
        companion.forward(window)
        let logit = companion.output[0]
        companion.backward(window, outputSlope: [-share * Kernels.sigmoid(-logit)], addingTo: &gradient)
        return Double(share) * Double(Kernels.softplus(-logit))
    }

    private func evaluate(_ window: [Float], against companion: UsePass, _ gradient: inout [Float]) -> Double {
        let output = main.output
        companion.forward(output)
        let count = window.count
        let (own, other) = (2 * (1 - share) / Float(count), 2 * share / Float(count))
        var slope = [Float](repeating: 0, count: count)
        var opposite = slope
        var sum = 0.0
        for i in 0..<count {
            let (x, y, w) = (
                Kernels.sigmoid(window[i]), Kernels.sigmoid(output[i]), Kernels.sigmoid(companion.output[i])
            )
            sum += Double((1 - share) * (x - y) * (x - y) + share * (x - w) * (x - w))
            gradient[i] += (own * (x - y) + other * (x - w)) * x * (1 - x)
            slope[i] = -own * (x - y) * y * (1 - y)
            opposite[i] = -other * (x - w) * w * (1 - w)
        }
        companion.backward(output, outputSlope: opposite, addingTo: &slope)
        main.backward(window, outputSlope: slope, addingTo: &gradient)
        return sum / Double(count)
    }
}
