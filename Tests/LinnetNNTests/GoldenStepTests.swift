// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetNN
import LinnetNumerics
import Testing

/// Three steps of each optimizer through each activation, beside PyTorch in float64 (`Vectors/regenerate.py`).
@Suite("Golden steps")
struct GoldenStepTests {
    struct Case: Codable, Sendable, CustomTestStringConvertible {
        struct Step: Codable, Sendable {
            var output: [Double]
            var loss: Double
            var gradient: [Double]
            var parameters: [Double]
        }

        var activation: Activation
        var optimizer: OptimizerDescription.Method
        var inputWidth: Int
        var hidden: [Int]
        var rows: Int
        var input: [Float]
        var parameters: [Float]
        var steps: [Step]
        var testDescription: String { "\(activation), \(optimizer)" }
    }

    static func cases() throws -> [Case] {
        try JSONDecoder().decode([Case].self, from: Vectors.bytes("steps.json"))
    }

    @Test("the vectors hold every activation with every optimizer")
    func complete() throws {
        let names = try Self.cases().map { "\($0.activation) \($0.optimizer)" }
        let expected = Activation.allCases.flatMap { activation in
            OptimizerDescription.Method.allCases.map { "\(activation) \($0)" }
        }
        #expect(Set(names) == Set(expected))
    }

    @Test("output, loss, gradient and weights of three steps are PyTorch's", arguments: try cases())
    func steps(_ example: Case) throws {
        let network = try Network(
            .denseAutoencoder(
                inputWidth: example.inputWidth, hidden: example.hidden, activation: example.activation))
        var parameters = ParameterVector(example.parameters)
        var gradient = ParameterVector(repeating: 0, count: network.parameterCount)
        var optimizer = makeOptimizer(example.optimizer, count: network.parameterCount)
        let workspace = Workspace(network: network, maximumBatch: example.rows)
        let input = Matrix(rows: example.rows, columns: example.inputWidth, values: example.input)
        for step in example.steps {
            expectClose(network.reconstruct(input, parameters: parameters).values, step.output)
            let loss = input.withUnsafeBufferPointer { x in
                network.meanSquaredError(
                    x, target: x, rows: example.rows, parameters: parameters, gradient: &gradient,
                    workspace: workspace)
            }
            #expect(abs(loss - step.loss) <= 1e-5 * step.loss)
            expectClose(gradient.values, step.gradient)
            optimizer.step(&parameters, along: gradient)
            expectClose(parameters.values, step.parameters)
        }
    }

    private func makeOptimizer(_ method: OptimizerDescription.Method, count: Int) -> any Optimizer {
        switch method {
        case .sgd: SGD(learningRate: 0.05, count: count)
        case .momentum: SGD(learningRate: 0.05, momentum: 0.9, count: count)
        case .adam: Adam(learningRate: 0.05, count: count)
        }
    }

    /// Expects each number within 1e-5, relative to the largest of its list: small ones are differences of larger ones.
    private func expectClose(_ values: [Float], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation)
    {
        #expect(values.count == expected.count, sourceLocation: sourceLocation)
        let scale = expected.map(abs).max() ?? 0
        let worst = zip(values, expected).map { abs(Double($0) - $1) }.max() ?? 0
        #expect(worst <= 1e-5 * scale, sourceLocation: sourceLocation)
        #expect(values.allSatisfy { $0.isFinite }, sourceLocation: sourceLocation)
    }
}
