// SPDX-License-Identifier: Apache-2.0
//
// One model version is a safetensors file with the network's tensors (`layers.0.weight` [outputs, inputs],
// `layers.0.bias` [outputs], ...), `scaler.center` and `scaler.scale` [channels], and this metadata:
//
//     format              linnet-model/1
//     family              denseAutoencoder
//     inputWidth          38
//     layers              32 relu, 16 relu, 8 relu, 16 relu, 32 relu, 38 identity
//     windowLength        1
//     falseAlarmsPerDay   0.1
//     precision           f16, i8 or i8-tensor, where weights are not in 32 bits: see `WeightPrecision`
//     scaling             robust or min-max, where the scaler is not standard: see `ScalingRule`
//     provenance.<key>    any text, e.g. provenance.cohort
//
// `layers` is a list as above if all layers are dense, else JSON: [{"kind":"reshape","shape":[60,8]},...]. An adversarial
// model has the tensors `companion.0.weight` ... too, and `companion` in JSON: {"adversarialWeight":1,"encoderLayers":3,...}.
// Nothing else may stand in it, so the same model never has two readings.

import FoundationEssentials
import LinnetNumerics

/// One model version: architecture, scaler, weights and threshold policy, as one value and as one run of bytes.
///
///     let bytes = artifact.encoded()
///     let model = try ModelArtifact(parsing: bytes)       // every number finite, every shape exact
///     let network = try Network(model.architecture)
public struct ModelArtifact: Sendable, Equatable {
    public var architecture: NetworkArchitecture
    /// The weights, `[architecture.parameterCount]`.
    public var parameters: ParameterVector
    /// How each channel is standardized before it goes in, one entry per channel.
    public var scaler: ChannelScaler
    /// The samples in one window; `architecture.inputWidth` is this times the number of channels.
    public var windowLength: Int
    /// The threshold policy: how many false alarms a device may raise per day, above 0 and at most 86,400.
    public var falseAlarmsPerDay: Double
    /// Where the model comes from, for people and audits: e.g. cohort, version, parent, round.
    public var provenance: [String: String]

    /// Takes everything as it is; `validate` judges it.
    public init(
        architecture: NetworkArchitecture, parameters: ParameterVector, scaler: ChannelScaler, windowLength: Int,
        falseAlarmsPerDay: Double, provenance: [String: String] = [:]
    ) {
        self.architecture = architecture
        self.parameters = parameters
        self.scaler = scaler
        self.windowLength = windowLength
        self.falseAlarmsPerDay = falseAlarmsPerDay
        self.provenance = provenance
    }

    /// Reads a model from bytes that anybody may have written.
    ///
    /// - Throws: what is missing, misshapen, too large or not finite, by name. A model that does not throw can be run.
    public init(parsing bytes: Data) throws(ModelArtifactError) {
        let file: SafetensorsFile
        do {
            file = try SafetensorsFile(parsing: bytes, types: [.float32, .float16, .int8])
        } catch {
            throw .file(error)
        }
        var metadata = ModelMetadata(file.metadata)
        try metadata.takeFormat()
        architecture = try metadata.takeArchitecture()
        windowLength = try metadata.takeInteger("windowLength")
        falseAlarmsPerDay = try metadata.takeNumber("falseAlarmsPerDay")
        let precision = try metadata.takePrecision()
        let scaling = try metadata.takeScaling()
        provenance = try metadata.takeProvenance()
        let network = try Self.network(architecture)

        var tensors: [String: Tensor] = [:]
        for tensor in file.tensors { tensors[tensor.name] = tensor }
        guard let channels = tensors["scaler.center"]?.elements.count else { throw .missingTensor("scaler.center") }
        scaler = ChannelScaler(
            center: try Self.take("scaler.center", shape: [channels], from: &tensors),
            scale: try Self.take("scaler.scale", shape: [channels], from: &tensors), rule: scaling)
        var values: [Float] = []
        values.reserveCapacity(network.parameterCount)
        for slot in network.slots { values += try precision.values(of: slot, from: &tensors) }
        parameters = ParameterVector(values)
        if let name = tensors.keys.min() { throw .unexpectedTensor(String(name.prefix(64))) }
        try validate()
    }

    /// Checks all that must hold before the model may be run, sent or stored.
    ///
    /// - Throws: the first thing that does not.
    public func validate() throws(ModelArtifactError) {
        let network = try Self.network(architecture)
        guard parameters.count == network.parameterCount else {
            throw .parameterCount(found: parameters.count, expected: network.parameterCount)
        }
        guard scaler.isValid, scaler.count > 0 else { throw .scaler }
        let (width, overflows) = windowLength.multipliedReportingOverflow(by: scaler.count)
        guard windowLength > 0, !overflows, width == architecture.inputWidth else {
            throw .inputWidth(
                found: architecture.inputWidth, windowLength: windowLength, channels: scaler.count)
        }
        guard falseAlarmsPerDay > 0, falseAlarmsPerDay <= 86_400 else {
            throw .metadata(
                key: "falseAlarmsPerDay", found: "\(falseAlarmsPerDay)", allowed: "above 0 and at most 86400")
        }
        let provenanceBytes = provenance.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard provenanceBytes <= Self.maximumProvenanceBytes else {
            throw .provenanceTooLarge(found: provenanceBytes, maximum: Self.maximumProvenanceBytes)
        }
        if !parameters.isFinite {
            let slot = network.slots.first { !parameters.values[$0.range].allSatisfy(\.isFinite) }
            throw .notFinite(slot?.name ?? "parameters")
        }
    }

    /// Writes the model; equal models give equal bytes. The model must pass `validate`, or this traps.
    ///
    /// - Parameter precision: of the weights in the file; with less than 32 bits, what is read back is rounded.
    public func encoded(_ precision: WeightPrecision = .float32) -> Data {
        guard let network = try? Network(architecture), parameters.count == network.parameterCount else {
            preconditionFailure("a model whose parameters do not fit its architecture cannot be written")
        }
        var tensors = network.slots.flatMap { precision.tensors(of: $0, values: Array(parameters.values[$0.range])) }
        tensors.append(.init(name: "scaler.center", shape: [scaler.center.count], values: scaler.center))
        tensors.append(.init(name: "scaler.scale", shape: [scaler.scale.count], values: scaler.scale))
        return SafetensorsFile(tensors: tensors, metadata: ModelMetadata.encode(self, precision)).encoded()
    }

    /// The most bytes that provenance may take, keys and texts together: 64 KiB.
    public static let maximumProvenanceBytes = 65_536

    private static func network(_ architecture: NetworkArchitecture) throws(ModelArtifactError) -> Network {
        do {
            return try Network(architecture)
        } catch {
            throw .architecture(error)
        }
    }

    private static func take(
        _ name: String, shape: [Int], from tensors: inout [String: Tensor]
    ) throws(ModelArtifactError) -> [Float] {
        guard let tensor = tensors.removeValue(forKey: name), let values = tensor.values else {
            throw .missingTensor(name)
        }
        guard tensor.shape == shape else { throw .shape(tensor: name, found: tensor.shape, expected: shape) }
        guard values.withUnsafeBufferPointer(Kernels.isFinite) else { throw .notFinite(name) }
        return values
    }
}
