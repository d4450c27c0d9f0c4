// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics
import Testing

@Suite("Gradients")
struct GradientTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var activation: Activation
        var output: Activation
        var inputWidth: Int
        var hidden: [Int]
        var rows: Int
        var testDescription: String { "\(activation)/\(output), \(inputWidth)-\(hidden), \(rows) rows" }
    }

    static let cases: [Case] = Activation.allCases.flatMap { activation in
        [1, 3, 7].flatMap { rows in
            [(1, [1]), (5, [3]), (7, [4, 3]), (9, [5, 2, 3])].map { inputWidth, hidden in
                // The output's own activation is checked too, though autoencoders end linearly.
                let output: Activation = rows == 3 ? activation : .identity
                return Case(
                    activation: activation, output: output, inputWidth: inputWidth, hidden: hidden, rows: rows)
            }
        }
    }

    @Test("the gradient is the central difference quotient of the loss", arguments: cases)
    func centralDifferences(_ example: Case) throws {
        var architecture = NetworkArchitecture.denseAutoencoder(
            inputWidth: example.inputWidth, hidden: example.hidden, activation: example.activation)
        architecture.layers[architecture.layers.count - 1] = .dense(
            width: example.inputWidth, activation: example.output)
        let network = try Network(architecture)
        var generator = SeededGenerator(seed: UInt64(example.rows + 10 * example.inputWidth))
        func draw(_ count: Int) -> [Float] { (0..<count).map { _ in Float(generator.gaussian() * 0.8) } }
        let input = draw(example.rows * example.inputWidth)
        let target = draw(example.rows * example.inputWidth)
        let parameters = ParameterVector(draw(network.parameterCount))

        var gradient = ParameterVector(repeating: .nan, count: network.parameterCount)
        // Room for more rows than there are: strides must follow the rows, not the room.
        let workspace = Workspace(network: network, maximumBatch: example.rows + 2)
        let loss = input.withUnsafeBufferPointer { x in
            target.withUnsafeBufferPointer { t in
                network.loss(
                    .meanSquaredError, of: x, target: t, rows: example.rows, parameters: parameters,
                    gradient: &gradient,
                    workspace: workspace)
            }
        }

        let reference = ReferenceNetwork(architecture: architecture)
        let weights = parameters.values.map(Double.init)
        let (rows, targets) = (split(input, example.inputWidth), split(target, example.inputWidth))
        let expectedLoss = reference.loss(rows, targets, weights)
        let expected = reference.gradient(rows, targets, weights)
        #expect(abs(loss - expectedLoss) <= 1e-5 * max(1, expectedLoss))
        let scale = max(1, expected.map(abs).max() ?? 0)
        for (found, wanted) in zip(gradient.values, expected) {
            #expect(abs(Double(found) - wanted) <= 1e-5 * scale)
        }
    }

    @Test("the loss without a gradient is the loss with one")
    func lossAlone() throws {
        let network = try Network(.denseAutoencoder(inputWidth: 6, hidden: [4]))
        let parameters = network.initialParameters(seed: 5)
        let input = (0..<30).map { Float($0 % 7) - 3 }
        var gradient = ParameterVector(repeating: 0, count: network.parameterCount)
        let workspace = Workspace(network: network, maximumBatch: 5)
        input.withUnsafeBufferPointer { x in
            let both = network.loss(
                .meanSquaredError, of: x, target: x, rows: 5, parameters: parameters, gradient: &gradient,
                workspace: workspace)
            let alone = network.loss(
                .meanSquaredError, of: x, target: x, rows: 5, parameters: parameters, workspace: workspace)
            #expect(both == alone)
        }
    }

    @Test("rows are reconstructed alike one by one, in batches, and by the reference", arguments: Activation.allCases)
    func reconstruction(_ activation: Activation) throws {
        let architecture = NetworkArchitecture.denseAutoencoder(
            inputWidth: 9, hidden: [7, 3], activation: activation)
        let network = try Network(architecture)
        let parameters = network.initialParameters(seed: 6)
        var generator = SeededGenerator(seed: 7)
        // 300 rows are more than one chunk of the convenient overload.
        let input = Matrix(rows: 300, columns: 9, values: (0..<2700).map { _ in Float(generator.gaussian()) })
        let together = network.reconstruct(input, parameters: parameters)
        let workspace = Workspace(network: network, maximumBatch: 1)
        let reference = ReferenceNetwork(architecture: architecture)
        let weights = parameters.values.map(Double.init)
        for r in 0..<input.rows {
            let alone = Array(input.row(r)).withUnsafeBufferPointer {
                Array(network.reconstruct($0, rows: 1, parameters: parameters, workspace: workspace))
            }
            let expected = reference.output(input.row(r).map(Double.init), weights)
            for c in 0..<9 {
                #expect(abs(Double(alone[c]) - expected[c]) < 2e-6)
                #expect(abs(Double(together[r, c]) - expected[c]) < 2e-6)
            }
        }
        #expect(network.reconstruct(Matrix(rows: 0, columns: 9), parameters: parameters).rows == 0)
    }

    private func split(_ values: [Float], _ width: Int) -> [[Double]] {
        stride(from: 0, to: values.count, by: width).map { values[$0..<$0 + width].map(Double.init) }
    }
}
