// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetNN
import LinnetNumerics
import Testing

@Suite("ModelArtifact")
struct ModelArtifactTests {
    /// Three samples of two channels through a bottleneck of two.
    static func example() throws -> ModelArtifact {
        let architecture = NetworkArchitecture.denseAutoencoder(inputWidth: 6, hidden: [4, 2])
        return ModelArtifact(
            architecture: architecture, parameters: try Network(architecture).initialParameters(seed: 1),
            scaler: ChannelScaler(means: [20, 4.5], standardDeviations: [2, 0.25]), windowLength: 3,
            falseAlarmsPerDay: 0.1, provenance: ["cohort": "pumps", "round": "3"])
    }

    @Test("a model comes back as it was, and equal models are equal bytes")
    func roundTrip() throws {
        let model = try Self.example()
        let bytes = model.encoded()
        let back = try ModelArtifact(parsing: bytes)
        #expect(back == model)
        #expect(back.encoded() == bytes)
        #expect(back.provenance == ["cohort": "pumps", "round": "3"])
    }

    @Test("the file says in plain words what it holds")
    func readable() throws {
        let file = try SafetensorsFile(parsing: try Self.example().encoded())
        #expect(
            file.metadata == [
                "format": "linnet-model/1", "family": "denseAutoencoder", "inputWidth": "6",
                "layers": "4 tanh, 2 tanh, 4 tanh, 6 identity", "windowLength": "3", "falseAlarmsPerDay": "0.1",
                "provenance.cohort": "pumps", "provenance.round": "3",
            ])
        #expect(file.tensor(named: "layers.0.weight")?.shape == [4, 6])
        #expect(file.tensor(named: "scaler.center")?.values == [20, 4.5])
    }

    @Test("every cut and a thousand random changes are an error or another valid model, never a trap")
    func damaged() throws {
        let bytes = try Self.example().encoded()
        for count in 0..<bytes.count {
            #expect(throws: ModelArtifactError.self) { try ModelArtifact(parsing: bytes.prefix(count)) }
        }
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<1000 {
            var changed = bytes
            changed[Int(generator.next() % UInt64(bytes.count))] ^= 1 << UInt8(generator.next() % 8)
            guard let model = try? ModelArtifact(parsing: changed) else { continue }
            #expect(model.parameters.isFinite && model.scaler.isValid)
            #expect(throws: Never.self) { try model.validate() }
        }
    }

    @Test(
        "a broken text is refused by its key",
        arguments: [
            ("format", "linnet-model/2", "metadata \"format\" is \"linnet-model/2\"; it must be \"linnet-model/1\""),
            ("family", "forest", "family is \"forest\""),
            ("inputWidth", "six", "metadata \"inputWidth\" is \"six\"; it must be a whole number"),
            ("inputWidth", "99999999999999999999", "metadata \"inputWidth\""),
            ("inputWidth", "8", "the last layer is 6 wide"),
            ("layers", "4 swish, 6 identity", "metadata \"layers\""),
            ("layers", "4, 6 identity", "metadata \"layers\""),
            ("layers", "", "0 layers"),
            ("layers", "65537 tanh, 6 identity", "layers.0.width is 65537"),
            ("layers", String(repeating: "6 tanh, ", count: 100_000) + "6 identity", "metadata \"layers\""),
            ("windowLength", "2", "the input is 6 wide, but a window is 2 samples of 2 channels"),
            ("windowLength", "0", "a window is 0 samples"),
            ("windowLength", "9223372036854775807", "a window is 9223372036854775807 samples"),
            ("falseAlarmsPerDay", "nan", "metadata \"falseAlarmsPerDay\" is \"nan\"; it must be a finite number"),
            ("falseAlarmsPerDay", "inf", "a finite number"),
            ("falseAlarmsPerDay", "0", "above 0 and at most 86400"),
            ("falseAlarmsPerDay", "-1", "above 0 and at most 86400"),
            ("falseAlarmsPerDay", "often", "a finite number"),
            ("comment", "hello", "metadata \"comment\" is unknown"),
        ])
    func metadata(_ key: String, _ text: String, _ message: String) throws {
        var file = try SafetensorsFile(parsing: try Self.example().encoded())
        file.metadata[key] = text
        let error = #expect(throws: ModelArtifactError.self) { try ModelArtifact(parsing: file.encoded()) }
        let text = try #require(error).description
        #expect(text.contains(message))
    }

    @Test(
        "a missing text is refused by its key",
        arguments: ["format", "family", "inputWidth", "layers", "windowLength", "falseAlarmsPerDay"])
    func missing(_ key: String) throws {
        var file = try SafetensorsFile(parsing: try Self.example().encoded())
        file.metadata[key] = nil
        #expect(throws: ModelArtifactError.missingMetadata(key)) { try ModelArtifact(parsing: file.encoded()) }
    }

    @Test("a tensor that is missing, too many, misshapen or not finite is refused by its name")
    func tensors() throws {
        let file = try SafetensorsFile(parsing: try Self.example().encoded())
        for index in file.tensors.indices {
            let name = file.tensors[index].name
            var without = file
            without.tensors.remove(at: index)
            #expect(throws: ModelArtifactError.missingTensor(name)) { try ModelArtifact(parsing: without.encoded()) }
            for value: Float in [.nan, .infinity, -.infinity] {
                var sick = file
                var values = try #require(file.tensors[index].values)
                values[0] = value
                sick.tensors[index].elements = .float32(values)
                #expect(throws: ModelArtifactError.notFinite(name)) { try ModelArtifact(parsing: sick.encoded()) }
            }
            var reshaped = file
            reshaped.tensors[index].shape.append(1)
            #expect(throws: ModelArtifactError.self) { try ModelArtifact(parsing: reshaped.encoded()) }
        }
        var more = file
        more.tensors.append(.init(name: "backdoor", shape: [1], values: [0]))
        #expect(throws: ModelArtifactError.unexpectedTensor("backdoor")) {
            try ModelArtifact(parsing: more.encoded())
        }
    }

    @Test("a transposed weight is refused although it has as many elements")
    func transposed() throws {
        var file = try SafetensorsFile(parsing: try Self.example().encoded())
        let index = try #require(file.tensors.firstIndex { $0.name == "layers.0.weight" })
        file.tensors[index].shape = [6, 4]
        #expect(throws: ModelArtifactError.shape(tensor: "layers.0.weight", found: [6, 4], expected: [4, 6])) {
            try ModelArtifact(parsing: file.encoded())
        }
    }

    @Test("a scale of zero, and a model made by hand that does not fit, are refused by validate")
    func validate() throws {
        var model = try Self.example()
        model.scaler.scale[1] = 0
        #expect(throws: ModelArtifactError.scaler) { try model.validate() }
        #expect(throws: ModelArtifactError.scaler) { try ModelArtifact(parsing: model.encoded()) }
        model = try Self.example()
        model.parameters = ParameterVector(repeating: 0, count: 3)
        #expect(throws: ModelArtifactError.self) { try model.validate() }
        model = try Self.example()
        model.parameters[40] = .nan
        #expect(throws: ModelArtifactError.self) { try model.validate() }
        model = try Self.example()
        model.provenance["story"] = String(repeating: "x", count: 65_536)
        #expect(throws: ModelArtifactError.self) { try model.validate() }
    }
}
