// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNN

/// A model as one device runs it.
public struct DeviceModel: Sendable, Equatable {
    public var version: ModelVersion
    public var artifact: ModelArtifact
    public var calibration: Calibration

    public init(version: ModelVersion, artifact: ModelArtifact, calibration: Calibration) {
        self.version = version
        self.artifact = artifact
        self.calibration = calibration
    }
}
