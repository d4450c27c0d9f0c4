// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetNN
import Testing

@Suite("Model catalogue")
struct ModelCatalogueTests {
    @Test("every family and every baseline is listed with its size, its cost and what it is good for")
    func complete() throws {
        var calls = 0
        let entries = try ModelCatalogue.entries(length: 12, channels: 8) { score in
            score()
            calls += 1
            return 7
        }
        #expect(entries.map(\.name) == ModelFamily.allCases.map(\.rawValue) + Baseline.allCases.map(\.rawValue))
        #expect(calls == entries.count)
        #expect(entries.allSatisfy { $0.parameters > 0 && $0.microsecondsPerWindow == 7 && !$0.purpose.isEmpty })
        #expect(entries.allSatisfy { $0.isNetwork == ($0.multiplyAdds != nil) && $0.isNetwork != $0.options.isEmpty })
        // 96 -> 48 -> 12 -> 48 -> 96, counted by hand.
        let dense = try #require(entries.first)
        #expect(dense.multiplyAdds == 2 * (96 * 48 + 48 * 12))
        #expect(dense.parameters == 2 * (96 * 48 + 48 * 12) + 48 + 12 + 48 + 96)
    }

    @Test("windows of one sample leave out the families that need a past, absurd ones are refused")
    func shapes() throws {
        let names = try ModelCatalogue.entries(length: 1, channels: 3).map(\.name)
        #expect(!names.contains("forecaster") && names.contains("usad") && names.contains("convolutionalAutoencoder"))
        for (length, channels) in [(0, 3), (3, -1), (.max, 2), (4096, 4096)] {
            #expect(throws: NetworkError.self) { try ModelCatalogue.entries(length: length, channels: channels) }
        }
    }

    @Test("the products of a row are those of its layers")
    func products() throws {
        func count(_ layers: [LayerDescription], _ width: Int) throws -> Int {
            try Network(NetworkArchitecture(family: .classifier, inputWidth: width, layers: layers)).multiplyAdds
        }
        #expect(try count([.dense(width: 3, activation: .tanh)], 5) == 15)
        #expect(try count([.reshape([4, 5]), .dense(width: 3, activation: .tanh)], 20) == 60)
        #expect(try count([.reshape([8, 2]), .convolution(filters: 3, kernel: [3], stride: [2])], 16) == 3 * 18)
        #expect(try count([.reshape([4, 2]), .transposedConvolution(filters: 3, kernel: [3])], 8) == 4 * 18)
        #expect(try count([.reshape([5, 2]), .lstm(units: 3)], 10) == 5 * 12 * (2 + 3))
        #expect(try count([.repeatVector(5), .gru(units: 3)], 2) == 9 * (2 + 5 * 3))
        #expect(try count([.layerNormalization], 4) == 0)
    }
}
