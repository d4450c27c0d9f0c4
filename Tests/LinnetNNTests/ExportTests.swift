// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetNN
import LinnetNumerics
import LinnetTestKit
import Testing

/// What Linnet writes is read by the programs that it is written for.
@Suite("Exported models")
struct ExportTests {
    /// A model as the checking script reads it.
    private struct Case: Encodable {
        var name: String
        var onnx: String
        var safetensors: String
        var length: Int
        var channels: Int
        var windows: [Float]
        var scores: [Double]
        var expected: [Float]
        var tensors: [String: Double]
    }

    private static let limit: Float = 3

    /// Every layer and every activation at least once, on odd shapes.
    private static let architectures: [(name: String, length: Int, channels: Int, NetworkArchitecture)] =
        FamilyTests.cases.map { ($0.name, FamilyTests.length, FamilyTests.channels, $0.architecture) } + [
            (
                "grid", 5, 7,
                NetworkArchitecture(
                    family: .convolutionalAutoencoder, inputWidth: 35,
                    layers: [
                        .reshape([5, 7, 1]),
                        .convolution(filters: 3, kernel: [3, 2], stride: [2, 1], padding: [1, 0], activation: .gelu),
                        .batchNormalization, .maxPooling(size: [2, 2], stride: [1, 2]), .layerNormalization,
                        .upsampling([2, 2]), .activation(.leakyRelu), .averagePooling(size: [2, 1]),
                        .transposedConvolution(
                            filters: 2, kernel: [2, 3], stride: [2, 2], padding: [0, 1], outputPadding: [1, 0],
                            activation: .softplus),
                        .flatten, .dense(width: 20, activation: .elu), .activation(.softmax),
                        .dense(width: 35, activation: .identity),
                    ])
            ),
            (
                "sequence", 9, 2,
                NetworkArchitecture(
                    family: .recurrentAutoencoder, inputWidth: 18,
                    layers: [
                        .reshape([9, 2]),
                        .convolution(filters: 3, kernel: [3], padding: [2], dilation: [2], activation: .relu),
                        .recurrent(RecurrentDescription(.simple, units: 5, returnsSequence: true)),
                        .lstm(units: 4, returnsSequence: true), .gru(units: 3), .dropout(rate: 0.2),
                        .repeatVector(9), .gru(units: 4, returnsSequence: true),
                        .dense(width: 2, activation: .identity),
                    ])
            ),
        ]

    @Test(
        "onnxruntime and the safetensors package read every family, and find the same numbers within 1e-5",
        .enabled(if: PeerPython.path != nil, Comment(rawValue: PeerPython.missing)))
    func peersAgree() throws {
        let folder = try TemporaryDirectory("linnet-exports")
        let cases = try Self.architectures.map { name, length, channels, architecture in
            try Self.write(name, architecture, length: length, channels: channels, into: folder)
        }
        let list = folder.path("cases.json")
        try JSONEncoder().encode(cases).write(to: URL(filePath: list))
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/check_exports.py")
        let said = try Tool.run(try #require(PeerPython.path), script.path, list)
        #expect(said.hasPrefix("\(cases.count) models agree"))
    }

    private static func write(
        _ name: String, _ architecture: NetworkArchitecture, length: Int, channels: Int, into folder: TemporaryDirectory
    ) throws -> Case {
        let network = try Network(architecture)
        var generator = SeededGenerator(seed: 11)
        var parameters = network.initialParameters(seed: 4)
        // Biases, means and variances that are not 0 and 1.
        for i in 0..<parameters.count { parameters[i] += Float(0.2 * generator.uniform()) }
        let scaler = ChannelScaler(
            center: (0..<channels).map { Float($0) * 3 - 1 }, scale: (0..<channels).map { 0.5 + Float($0) })
        let artifact = ModelArtifact(
            architecture: architecture, parameters: parameters, scaler: scaler, windowLength: length,
            falseAlarmsPerDay: 1)
        let (onnx, safetensors) = (folder.path("\(name).onnx"), folder.path("\(name).safetensors"))
        try ONNXModel(artifact, level: scaler, limit: limit).encoded().write(to: URL(filePath: onnx))
        let bytes = artifact.encoded(.float16)
        try bytes.write(to: URL(filePath: safetensors))
        var tensors: [String: Double] = [:]
        for tensor in try SafetensorsFile(parsing: bytes, types: [.float32, .float16]).tensors {
            switch tensor.elements {
            case .float32(let values): tensors[tensor.name] = values.reduce(0) { $0 + Double($1) }
            case .float16(let values): tensors[tensor.name] = values.reduce(0) { $0 + Double($1) }
            default: Issue.record("\(tensor.name) is neither of 32 nor of 16 bits")
            }
        }
        let scorer = try WindowScorer(network: network, parameters: parameters)
        var example = Case(
            name: name, onnx: onnx, safetensors: safetensors, length: length, channels: channels, windows: [],
            scores: [], expected: [], tensors: tensors)
        for _ in 0..<7 {
            let window = (0..<length * channels).map { scaler.center[$0 % channels] + Float(2 * generator.gaussian()) }
            var standardized = window
            scaler.standardize(&standardized)
            standardized = standardized.map { max(-limit, min(limit, $0)) }
            example.windows += window
            example.scores.append(standardized.withUnsafeBufferPointer(scorer.score))
            example.expected += scorer.expected.suffix(network.outputWidth)
        }
        return example
    }

    @Test("a classifier has no score to be exported, and says so")
    func classifier() throws {
        let architecture = NetworkArchitecture(
            family: .classifier, inputWidth: 6, layers: [.dense(width: 2, activation: .identity)])
        let artifact = ModelArtifact(
            architecture: architecture, parameters: try Network(architecture).initialParameters(seed: 1),
            scaler: ChannelScaler(means: [0, 0], standardDeviations: [1, 1]), windowLength: 3, falseAlarmsPerDay: 1)
        #expect(throws: ModelArtifactError.architecture(.noScore(family: "classifier"))) {
            try ONNXModel(artifact, level: artifact.scaler, limit: nil)
        }
    }
}
