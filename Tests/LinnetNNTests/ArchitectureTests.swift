// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetNN
import LinnetNumerics
import Testing

@Suite("NetworkArchitecture and Network")
struct ArchitectureTests {
    static let sensors = NetworkArchitecture.denseAutoencoder(
        inputWidth: 38, hidden: [32, 16, 8], activation: .relu)

    @Test("an autoencoder goes down to its bottleneck and back the same way, to a linear output")
    func symmetric() {
        #expect(Self.sensors.layers.map { Self.dense($0)?.width } == [32, 16, 8, 16, 32, 38])
        #expect(Self.sensors.layers.dropLast().allSatisfy { Self.dense($0)?.activation == .relu })
        #expect(Self.sensors.layers.last == .dense(width: 38, activation: .identity))
        #expect(Self.sensors.parameterCount == 3854)
    }

    @Test("slots fill the parameter vector without hole or overlap, in the order of the layers")
    func slots() throws {
        let network = try Network(Self.sensors)
        #expect(network.parameterCount == 3854)
        #expect(network.slots.first?.name == "layers.0.weight")
        #expect(network.slots.first?.shape == [32, 38])
        #expect(network.slots.last?.name == "layers.5.bias")
        var position = 0
        for slot in network.slots {
            #expect(slot.range.lowerBound == position)
            #expect(slot.range.count == slot.shape.reduce(1, *))
            position = slot.range.upperBound
        }
        #expect(position == network.parameterCount)
    }

    @Test("first weights lie within Glorot's bound, fill it, and depend on the seed alone; biases are zero")
    func initialParameters() throws {
        let network = try Network(Self.sensors)
        let parameters = network.initialParameters(seed: 3)
        #expect(parameters == network.initialParameters(seed: 3))
        #expect(parameters != network.initialParameters(seed: 4))
        let bound = (6.0 / (38 + 32)).squareRoot()
        let weights = parameters.values[network.slots[0].range].map(Double.init)
        #expect(weights.allSatisfy { abs($0) <= bound })
        #expect((weights.max() ?? 0) > 0.98 * bound)
        #expect(abs(weights.reduce(0, +) / Double(weights.count)) < 0.03)
        #expect(parameters.values[network.slots[1].range].allSatisfy { $0 == 0 })
    }

    @Test(
        "an absurd architecture is refused with the number found and the number allowed",
        arguments: [
            (["other", "38", "8 38"], "family is \"other\""),
            (["denseAutoencoder", "38", ""], "0 layers; 1 to 64"),
            (["denseAutoencoder", "0", "8 0"], "inputWidth is 0; it must be between 1 and 65536"),
            (["denseAutoencoder", "38", "-1 38"], "layers.0.width is -1"),
            (["denseAutoencoder", "38", "65537 38"], "layers.0.width is 65537"),
            (["denseAutoencoder", "38", "9223372036854775807 38"], "layers.0.width is 9223372036854775807"),
            (["denseAutoencoder", "65536", "65536 65536"], "parameters; at most 67108864"),
            (["denseAutoencoder", "38", "8 37"], "the last layer is 37 wide"),
        ])
    func absurd(_ parts: [String], _ message: String) throws {
        let layers = parts[2].split(separator: " ").map {
            LayerDescription.dense(width: Int($0) ?? 0, activation: .tanh)
        }
        let architecture = NetworkArchitecture(family: parts[0], inputWidth: Int(parts[1]) ?? 0, layers: layers)
        let error = #expect(throws: NetworkError.self) { try Network(architecture) }
        let text = try #require(error).description
        #expect(text.contains(message))
    }

    private static func dense(_ layer: LayerDescription) -> DenseDescription? {
        guard case .dense(let dense) = layer else { return nil }
        return dense
    }

    @Test("dense layers stand in JSON as they always have: without a kind")
    func denseJSON() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let small = NetworkArchitecture.denseAutoencoder(inputWidth: 3, hidden: [2])
        let text =
            #"{"family":"denseAutoencoder","inputWidth":3,"layers":[{"activation":"tanh","width":2},"#
            + #"{"activation":"identity","width":3}]}"#
        #expect(String(decoding: try encoder.encode(small), as: UTF8.self) == text)
        #expect(try JSONDecoder().decode(NetworkArchitecture.self, from: Data(text.utf8)) == small)
    }

    @Test("65 layers are one too many")
    func tooManyLayers() {
        let layers = [LayerDescription](repeating: .dense(width: 2, activation: .tanh), count: 65)
        let architecture = NetworkArchitecture(
            family: .denseAutoencoder, inputWidth: 2, layers: layers)
        #expect(throws: NetworkError.layerCount(found: 65, maximum: 64)) { try architecture.validate() }
    }

    @Test("an architecture comes back from JSON, and an unknown activation does not")
    func json() throws {
        let bytes = try JSONEncoder().encode(Self.sensors)
        #expect(try JSONDecoder().decode(NetworkArchitecture.self, from: bytes) == Self.sensors)
        let broken = String(decoding: bytes, as: UTF8.self).replacing("relu", with: "swish")
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(NetworkArchitecture.self, from: Data(broken.utf8))
        }
    }
}
