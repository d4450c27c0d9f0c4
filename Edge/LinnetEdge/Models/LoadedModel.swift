// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNN

/// A stored model that was read and can be run.
struct LoadedModel: Sendable, Equatable {
    var version: ModelVersion
    var artifact: ModelArtifact
    var calibrations: [DeviceID: Calibration]

    /// - Throws: what is wrong with the file.
    init(_ stored: StoredModel) throws(ModelArtifactError) {
        self.init(
            version: stored.version, artifact: try ModelArtifact(parsing: stored.bytes),
            calibrations: stored.calibrations)
    }

    init(version: ModelVersion, artifact: ModelArtifact, calibrations: [DeviceID: Calibration]) {
        self.version = version
        self.artifact = artifact
        self.calibrations = calibrations
    }

    /// The model as a device runs it; `nil` if the device is not calibrated for it.
    func model(of device: DeviceID) -> DeviceModel? {
        calibrations[device].map { DeviceModel(version: version, artifact: artifact, calibration: $0) }
    }
}
