// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetNN
import LinnetNumerics
import Testing

/// Three steps through each activation, layer, loss and optimizer, beside PyTorch in float64 (`Vectors/regenerate.py`).
@Suite("Golden steps")
struct GoldenStepTests {
    struct Case: Codable, Sendable, CustomTestStringConvertible {
        struct Step: Codable, Sendable {
            var output: [Double]
            var loss: Double
            var gradient: [Double]
            var parameters: [Double]
        }

        var name: String
        var architecture: NetworkArchitecture
        var optimizer: OptimizerDescription
        var loss: Loss
        var rows: Int
        var input: [Float]
        var target: [Float]
        var parameters: [Float]
        var steps: [Step]
        var testDescription: String { name }
    }

    static func cases() throws -> [Case] {
        try JSONDecoder().decode([Case].self, from: Vectors.bytes("steps.json"))
    }

    @Test("the vectors hold every activation, every optimizer and every loss")
    func complete() throws {
        let names = Set(try Self.cases().map(\.name))
        let expected =
            Activation.allCases.flatMap { ["activation \($0)", "layer \($0)"] }
            + OptimizerDescription.Method.allCases.map { "optimizer \($0)" }
            + Loss.Formula.allCases.map { "loss \($0)" }
        #expect(names.isSuperset(of: expected))
    }

    @Test("output, loss, gradient and weights of three steps are PyTorch's", arguments: try cases())
    func steps(_ example: Case) throws {
        let network = try Network(example.architecture)
        var parameters = ParameterVector(example.parameters)
        try #require(parameters.count == network.parameterCount)
        var gradient = ParameterVector(repeating: .nan, count: network.parameterCount)
        var optimizer = example.optimizer.makeOptimizer(learningRate: 0.05, count: network.parameterCount)
        // Room for more rows than there are: strides must follow the rows, not the room.
        let workspace = Workspace(network: network, maximumBatch: example.rows + 3)
        let input = Matrix(rows: example.rows, columns: network.inputWidth, values: example.input)
        for step in example.steps {
            let loss = input.withUnsafeBufferPointer { x in
                example.target.withUnsafeBufferPointer { t in
                    network.loss(
                        example.loss, of: x, target: t, rows: example.rows, parameters: parameters,
                        gradient: &gradient, workspace: workspace)
                }
            }
            #expect(abs(loss - step.loss) <= 1e-5 * abs(step.loss))
            expectClose(gradient.values, step.gradient)
            expectClose(network.reconstruct(input, parameters: parameters).values, step.output)
            optimizer.step(&parameters, along: gradient)
            network.updateStatistics(&parameters, rows: example.rows, workspace: workspace)
            expectClose(parameters.values, step.parameters)
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
