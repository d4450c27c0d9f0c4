// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// What the settings make of the gradient of a loss before the optimizer follows it.
struct GradientTerms {
    private let settings: TrainingSettings
    private let start: TrainingStart
    private let weightRanges: [Range<Int>]

    init(_ settings: TrainingSettings, network: Network, start: TrainingStart) {
        self.settings = settings
        self.start = start
        var ranges: [Range<Int>] = []
        network.forEachTensor { _, tensor, range in if tensor.isWeight { ranges.append(range) } }
        weightRanges = settings.l1 > 0 || settings.l2 > 0 ? ranges : []
    }

    /// Adds the terms that pull at the weights, and cuts off what is too large.
    func complete(_ gradient: inout ParameterVector, at parameters: ParameterVector) {
        if settings.proximalMu > 0 { addProximalTerm(to: &gradient, at: parameters) }
        for range in weightRanges { addPenalty(range, to: &gradient, at: parameters) }
        if let correction = start.correction { gradient.add(correction, times: 1) }
        if settings.clipValue > 0 {
            gradient.withUnsafeMutableBufferPointer { Kernels.clip($0, to: settings.clipValue) }
        }
        for range in start.frozen { for i in range { gradient[i] = 0 } }
    }

    /// Puts what is frozen back after a step: weight decay and running statistics move it without any gradient.
    func restoreFrozen(_ parameters: inout ParameterVector) {
        for range in start.frozen { for i in range { parameters[i] = start.parameters[i] } }
    }

    /// Adds the derivative of `μ/2 ||w - w₀||²`, which is `μ (w - w₀)`.
    private func addProximalTerm(to gradient: inout ParameterVector, at parameters: ParameterVector) {
        let mu = settings.proximalMu
        parameters.withUnsafeBufferPointer { w in
            start.parameters.withUnsafeBufferPointer { w0 in
                gradient.withUnsafeMutableBufferPointer { Kernels.addDifference(w, w0, times: mu, to: $0) }
            }
        }
    }

    /// Adds the derivative of `l1 sum |w| + l2 sum w²` over the weights in `range`.
    private func addPenalty(
        _ range: Range<Int>, to gradient: inout ParameterVector, at parameters: ParameterVector
    ) {
        let (l1, l2) = (settings.l1, settings.l2)
        parameters.withUnsafeBufferPointer { w in
            gradient.withUnsafeMutableBufferPointer { g in
                for i in range { g[i] += 2 * l2 * w[i] + (w[i] > 0 ? l1 : (w[i] < 0 ? -l1 : 0)) }
            }
        }
    }
}
