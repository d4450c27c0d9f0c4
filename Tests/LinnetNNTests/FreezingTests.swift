// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics
import Testing

@Suite("Frozen layers")
struct FreezingTests {
    static let architectures: [NetworkArchitecture] = [
        .denseAutoencoder(inputWidth: 36, hidden: [12, 4]),
        .convolutionalAutoencoder(length: 12, channels: 3, filters: [6, 2], kernel: 5),
        .usad(inputWidth: 36, hidden: [12], latent: 4), .gan(inputWidth: 36, hidden: [12], latent: 4),
    ]

    @Test(
        "what is frozen stays bit for bit, whatever the optimizer decays, and the rest learns", arguments: architectures
    )
    func frozen(_ architecture: NetworkArchitecture) throws {
        BLAS.useOneThread()
        let network = try Network(architecture)
        let start = network.initialParameters(seed: 1)
        let encoder = try #require(network.parameterRanges(of: "encoder"))
        let decoder = try #require(network.parameterRanges(of: "decoder"))
        #expect(Set(encoder.joined()).isDisjoint(with: Set(decoder.joined())))
        var parameters = start
        var trainer = Trainer(
            network: network,
            settings: TrainingSettings(epochs: 3, optimizer: .adamw, l2: 1e-3, validationShare: 0, patience: 3))
        _ = try trainer.fit(&parameters, inputs: FamilyTests.windows(200, seed: 1), frozen: encoder)
        for i in encoder.joined() { #expect(parameters[i] == start[i]) }
        #expect(decoder.joined().contains { parameters[$0] != start[$0] })
    }

    @Test("parts are found by name, and there are no others")
    func names() throws {
        let network = try Network(.denseAutoencoder(inputWidth: 36, hidden: [12, 4]))
        #expect(network.layerNames == ["layers.0", "layers.1", "layers.2", "layers.3"])
        #expect(network.parameterRanges(of: "encoder") == network.slots[..<4].map(\.range))
        #expect(network.parameterRanges(of: "layers.3") == network.slots[6...].map(\.range))
        #expect(network.parameterRanges(of: "layers.4") == nil)
        #expect(network.parameterRanges(of: "companion") == nil)
        #expect(network.parameterRanges(of: "last") == network.slots[6...].map(\.range))
        #expect(
            try network.localRanges(of: ["last", "layers.0", "layers.3"]) == network.slots[..<2].map(\.range)
                + network.slots[6...].map(\.range))
        #expect(try network.localRanges(of: []).isEmpty)
        #expect(throws: NetworkError.self) { try network.localRanges(of: ["layers.4"]) }
        #expect(throws: NetworkError.self) { try network.localRanges(of: ["encoder", "decoder"]) }
    }
}
