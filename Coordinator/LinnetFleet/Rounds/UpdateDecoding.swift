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
    /// - Returns: the base with the trained weights.
    /// - Throws: ``UpdateRefusal``; whatever the bytes are, nothing traps.
    public static func model(in body: Data, base: ModelArtifact) throws(UpdateRefusal) -> ModelArtifact {
        let file: SafetensorsFile
        do throws(SafetensorsError) {
            file = try SafetensorsFile(parsing: body, types: Tensor.ElementType.allCases)
        } catch {
            throw .malformed("\(error)")
        }
        guard file.metadata["format"] == CompressedUpdate.format else { return try wholeModel(in: body, base: base) }
        var model = base
        model.parameters = try parameters(in: file, base: base)
        return model
    }

    private static func parameters(
        in file: SafetensorsFile, base: ModelArtifact
    ) throws(UpdateRefusal) -> ParameterVector {
        let network: Network
        do throws(NetworkError) { network = try Network(base.architecture) } catch { throw .malformed("\(error)") }
        do throws(CompressionError) {
            let update = try CompressedUpdate(tensors: file.tensors, metadata: file.metadata)
            return try update.decode(onto: base.parameters, blocks: network.slots.map(\.range))
        } catch {
            throw UpdateRefusal(error)
        }
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
