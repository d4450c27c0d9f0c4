// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetFederation
import LinnetNN
import LinnetNumerics

/// Reads the body of a training update, whichever way its weights are written down.
///
/// An update in fewer bytes makes sense only beside its base, so it is turned into a whole model as soon as it has arrived:
/// what is stored, aggregated and computed again later knows one form.
public enum UpdateDecoding {
    /// - Parameter base: the version that the update was trained from.
    /// - Returns: the base with the trained weights, and the change of a control variate, if it brings one.
    /// - Throws: ``UpdateRefusal``; whatever the bytes are, nothing traps.
    public static func update(
        in body: Data, base: ModelArtifact
    ) throws(UpdateRefusal) -> (model: ModelArtifact, control: ParameterVector?) {
        let file: SafetensorsFile
        do throws(SafetensorsError) {
            file = try SafetensorsFile(parsing: body, types: Tensor.ElementType.allCases)
        } catch {
            throw .malformed("\(error)")
        }
        guard file.metadata["format"] == CompressedUpdate.format else {
            return (try wholeModel(in: body, base: base), nil)
        }
        var model = base
        do throws(CompressionError) {
            let taken = try ControlVariate.taken(from: file.tensors, count: base.parameters.count)
            model.parameters = try parameters(taken?.others ?? file.tensors, metadata: file.metadata, base: base)
            return (model, taken?.control.values)
        } catch {
            throw UpdateRefusal(error)
        }
    }

    /// The base with the trained weights, whatever else the update brings.
    ///
    /// - Throws: ``UpdateRefusal``.
    public static func model(in body: Data, base: ModelArtifact) throws(UpdateRefusal) -> ModelArtifact {
        try update(in: body, base: base).model
    }

    private static func parameters(
        _ tensors: [Tensor], metadata: [String: String], base: ModelArtifact
    ) throws(CompressionError) -> ParameterVector {
        let network: Network
        do throws(NetworkError) { network = try Network(base.architecture) } catch {
            throw .tensor("parameters", reason: "belong to a base that is no network: \(error)")
        }
        let update = try CompressedUpdate(tensors: tensors, metadata: metadata)
        return try update.decode(onto: base.parameters, blocks: network.slots.map(\.range))
    }

    private static func wholeModel(in body: Data, base: ModelArtifact) throws(UpdateRefusal) -> ModelArtifact {
        let update: ModelArtifact
        do throws(ModelArtifactError) {
            update = try ModelArtifact(parsing: body)
        } catch {
            throw UpdateRefusal(error)
        }
        guard update.parameters.count == base.parameters.count else {
            throw .wrongShape(found: update.parameters.count, expected: base.parameters.count)
        }
        guard update.architecture == base.architecture, update.windowLength == base.windowLength else {
            throw .malformed("its layers are not those of the base")
        }
        return update
    }
}

extension UpdateRefusal {
    /// The refusal of an update whose file is no model.
    init(_ error: ModelArtifactError) {
        switch error {
        case .notFinite: self = .notFinite
        case .shape(_, let found, let expected):
            self = .wrongShape(found: found.reduce(1, &*), expected: expected.reduce(1, &*))
        default: self = .malformed("\(error)")
        }
    }

    /// The refusal of an update in fewer bytes that is none of its base.
    init(_ error: CompressionError) {
        switch error {
        case .notFinite: self = .notFinite
        case .wrongCount(_, let found, let expected): self = .wrongShape(found: found, expected: expected)
        case .unknownEncoding, .tensor: self = .malformed("\(error)")
        }
    }
}
