// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetNN
import LinnetNumerics
import Testing

@Suite("Compressed models")
struct CompressionTests {
    private static func example() throws -> ModelArtifact {
        let architecture = NetworkArchitecture.convolutionalAutoencoder(length: 12, channels: 3, filters: [8, 4])
        var parameters = try Network(architecture).initialParameters(seed: 2)
        var generator = SeededGenerator(seed: 1)
        for i in 0..<parameters.count { parameters[i] += Float(0.01 * generator.gaussian()) }
        return ModelArtifact(
            architecture: architecture, parameters: parameters,
            scaler: ChannelScaler(means: [1, 2, 3], standardDeviations: [1, 2, 3]), windowLength: 12,
            falseAlarmsPerDay: 1)
    }

    @Test(
        "a compressed model is smaller, valid, and off by less than half a step of its precision",
        arguments: [(WeightPrecision.float16, 0.62, 1e-3), (.int8, 0.5, 1 / 253), (.int8PerTensor, 0.45, 1 / 253)])
    func rounded(_ precision: WeightPrecision, share: Double, error: Double) throws {
        let model = try Self.example()
        let bytes = model.encoded(precision)
        let back = try ModelArtifact(parsing: bytes)
        #expect(Double(bytes.count) < share * Double(model.encoded().count) + 700)
        #expect(back == (try model.rounded(to: precision)))
        let network = try Network(model.architecture)
        for slot in network.slots {
            let values = slot.range.map { model.parameters[$0] }
            let largest = Double(values.map(abs).max() ?? 0)
            for place in slot.range {
                let change = Double(abs(back.parameters[place] - model.parameters[place]))
                // Biases are whole.
                #expect(change <= (slot.shape.count > 1 ? error * largest : 0))
            }
        }
        // Written whole, it is another model; rounded again, it stays what it is.
        #expect(try back.rounded(to: precision) == back)
    }

    @Test("a file whose numbers are not of its precision is refused, and so is one that says more than it must")
    func refused() throws {
        var file = try SafetensorsFile(parsing: Self.example().encoded(.int8), types: [.float32, .int8])
        file.metadata["precision"] = "f16"
        #expect(throws: ModelArtifactError.self) { try ModelArtifact(parsing: file.encoded()) }
        file.metadata["precision"] = "f32"
        #expect(throws: ModelArtifactError.self) { try ModelArtifact(parsing: file.encoded()) }
        file.metadata["precision"] = "i8"
        file.tensors.removeAll { $0.name == "layers.1.weight.scale" }
        #expect(throws: ModelArtifactError.missingTensor("layers.1.weight.scale")) {
            try ModelArtifact(parsing: file.encoded())
        }
    }

    @Test("pruning takes the smallest weights of all layers, as many as asked for, and no bias")
    func pruned() throws {
        let model = try Self.example()
        let network = try Network(model.architecture)
        let weights = network.slots.filter { $0.shape.count > 1 }.flatMap { Array($0.range) }
        let half = try model.pruned(share: 0.5)
        let gone = weights.filter { half.parameters[$0] == 0 }
        #expect(gone.count == weights.count / 2)
        let largestGone = gone.map { abs(model.parameters[$0]) }.max() ?? 0
        let smallestKept = weights.filter { half.parameters[$0] != 0 }.map { abs(model.parameters[$0]) }.min() ?? 0
        #expect(largestGone <= smallestKept)
        for i in 0..<model.parameters.count where !gone.contains(i) {
            #expect(half.parameters[i] == model.parameters[i])
        }
        #expect(try model.pruned(share: 0) == model)
        let none = try model.pruned(share: 1)
        #expect(weights.allSatisfy { none.parameters[$0] == 0 })
    }
}
