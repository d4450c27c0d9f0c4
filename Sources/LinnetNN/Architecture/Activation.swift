// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// What a layer does to each sum it forms.
public enum Activation: String, Codable, Sendable, CaseIterable {
    /// `z`: the output layer of an autoencoder, whose targets have no bounds.
    case identity
    /// `max(0, z)`.
    case relu
    /// `z` above zero and `0.01 z` below: the slope is PyTorch's; Keras takes 0.3.
    case leakyRelu
    /// `z` above zero and `exp(z) - 1` below, as in PyTorch and Keras with α = 1.
    case elu
    /// `z` times the share of a standard normal variable below `z`: the exact form, as in PyTorch and Keras.
    case gelu
    /// The hyperbolic tangent of `z`.
    case tanh
    /// `1 / (1 + exp(-z))`.
    case sigmoid
    /// `log(1 + exp(z))`.
    case softplus
    /// `exp(z)` as a share of the sum of `exp(z)` over the channels at one place.
    case softmax

    /// Whether the slope follows from the function's own output, value by value.
    ///
    /// Only then can the function be a part of the layer that forms the sums; the others are a layer of their own, which
    /// keeps its input.
    var isFusible: Bool { self != .gelu && self != .softmax }

    /// Writes `y = f(y + b)`: y `[rows, columns]`, b `[columns]`. The activation is fusible.
    func addBias(
        _ b: UnsafePointer<Float>, andActivate y: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) {
        switch self {
        case .relu: Kernels.addBias(b, to: y, rows: rows, columns: columns) { Kernels.relu($0) }
        case .leakyRelu: Kernels.addBias(b, to: y, rows: rows, columns: columns) { Kernels.leakyReLU($0) }
        case .elu: Kernels.addBias(b, to: y, rows: rows, columns: columns) { Kernels.elu($0) }
        case .tanh: Kernels.addBias(b, to: y, rows: rows, columns: columns) { Kernels.tanh($0) }
        case .sigmoid: Kernels.addBias(b, to: y, rows: rows, columns: columns) { Kernels.sigmoid($0) }
        case .softplus: Kernels.addBias(b, to: y, rows: rows, columns: columns) { Kernels.softplus($0) }
        case .identity, .gelu, .softmax: Kernels.addBias(b, to: y, rows: rows, columns: columns)
        }
    }

    /// Writes `y = f(x)`, both `[rows, columns]`.
    func apply(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, rows: Int, columns: Int) {
        let count = rows * columns
        switch self {
        case .identity: y.update(from: x, count: count)
        case .relu: Kernels.map(x, into: y, count: count) { Kernels.relu($0) }
        case .leakyRelu: Kernels.map(x, into: y, count: count) { Kernels.leakyReLU($0) }
        case .elu: Kernels.map(x, into: y, count: count) { Kernels.elu($0) }
        case .gelu: Kernels.map(x, into: y, count: count) { Kernels.gelu($0) }
        case .tanh: Kernels.map(x, into: y, count: count) { Kernels.tanh($0) }
        case .sigmoid: Kernels.map(x, into: y, count: count) { Kernels.sigmoid($0) }
        case .softplus: Kernels.map(x, into: y, count: count) { Kernels.softplus($0) }
        case .softmax: Kernels.softmax(x, into: y, rows: rows, columns: columns)
        }
    }

    /// Writes `delta = delta * f'(z)`, where `y = f(z)`; all `[count]`. The activation is fusible.
    func multiplyBySlope(_ delta: UnsafeMutablePointer<Float>, output y: UnsafePointer<Float>, count: Int) {
        switch self {
        case .relu: Kernels.multiply(delta, bySlopeAt: y, count: count) { $0 > 0 ? 1 : 0 }
        case .leakyRelu: Kernels.multiply(delta, bySlopeAt: y, count: count) { $0 > 0 ? 1 : 0.01 }
        case .elu: Kernels.multiply(delta, bySlopeAt: y, count: count) { $0 > 0 ? 1 : $0 + 1 }
        case .tanh: Kernels.multiply(delta, bySlopeAt: y, count: count) { 1 - $0 * $0 }
        case .sigmoid: Kernels.multiply(delta, bySlopeAt: y, count: count) { $0 * (1 - $0) }
        case .softplus: Kernels.multiply(delta, bySlopeAt: y, count: count) { 1 - Kernels.exp(-$0) }
        case .identity, .gelu, .softmax: break
        }
    }
}
