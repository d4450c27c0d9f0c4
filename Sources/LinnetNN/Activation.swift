// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// What a dense layer does to each sum it forms.
public enum Activation: String, Codable, Sendable, CaseIterable {
    /// `z`: the output layer of an autoencoder, whose targets have no bounds.
    case identity
    /// `max(0, z)`.
    case relu
    /// The hyperbolic tangent of `z`.
    case tanh
    /// `1 / (1 + exp(-z))`.
    case sigmoid

    /// Writes `y = f(y + b)`: y `[rows, columns]`, b `[columns]`.
    func addBias(
        _ b: UnsafePointer<Float>, andActivate y: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) {
        switch self {
        case .identity: Kernels.addBias(b, to: y, rows: rows, columns: columns)
        case .relu: Kernels.addBiasReLU(b, to: y, rows: rows, columns: columns)
        case .tanh: Kernels.addBiasTanh(b, to: y, rows: rows, columns: columns)
        case .sigmoid: Kernels.addBiasSigmoid(b, to: y, rows: rows, columns: columns)
        }
    }

    /// Writes `delta = delta * f'(z)`, where `y = f(z)`; all `[count]`.
    func multiplyBySlope(_ delta: UnsafeMutablePointer<Float>, output y: UnsafePointer<Float>, count: Int) {
        switch self {
        case .identity: break
        case .relu: Kernels.multiplyByReLUSlope(delta, output: y, count: count)
        case .tanh: Kernels.multiplyByTanhSlope(delta, output: y, count: count)
        case .sigmoid: Kernels.multiplyBySigmoidSlope(delta, output: y, count: count)
        }
    }
}
