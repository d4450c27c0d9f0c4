// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetMessaging
import LinnetNN
import LinnetNumerics

/// A released model on its way to become the active one.
public struct ModelCandidate: Sendable, Equatable {
    public var manifest: ReleaseManifest
    /// The safetensors file, whose digest is the manifest's.
    public var bytes: Data
    public var artifact: ModelArtifact
    /// What each device with enough windows has calibrated; the others follow when they have them.
    public var calibrations: [DeviceID: Calibration] = [:]

    public init(manifest: ReleaseManifest, bytes: Data, artifact: ModelArtifact) {
        self.manifest = manifest
        self.bytes = bytes
        self.artifact = artifact
    }

    public var version: ModelVersion { manifest.model.version }

    /// What the store keeps.
    public var stored: StoredModel { StoredModel(version: version, bytes: bytes, calibrations: calibrations) }

    /// Reads a downloaded file, and checks that it is a model for the agent's devices.
    ///
    /// - Throws: ``ModelRefusal`` saying in what it is not.
    public static func verify(
        _ bytes: Data, for manifest: ReleaseManifest, contract: SignalContract
    ) throws(ModelRefusal) -> ModelCandidate {
        guard Digest(of: bytes) == manifest.model.version.digest else { throw .digest }
        let artifact: ModelArtifact
        do { artifact = try ModelArtifact(parsing: bytes) } catch { throw .unreadable("\(error)") }
        guard artifact.scaler.count == contract.channels.count, artifact.windowLength == contract.windowLength else {
            throw .wrongContract(
                channels: artifact.scaler.count, length: artifact.windowLength,
                deviceChannels: contract.channels.count, deviceLength: contract.windowLength)
        }
        return ModelCandidate(manifest: manifest, bytes: bytes, artifact: artifact)
    }
}
