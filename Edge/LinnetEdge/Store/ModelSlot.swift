// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain

/// What a stored model is kept for.
public enum ModelSlot: String, Sendable, Hashable, CaseIterable {
    /// It raises alarms.
    case active
    /// It raised them before, and is what to fall back to.
    case previous
    /// It is downloaded and may become active.
    case candidate
}

/// A model with its file and what each device has calibrated for it.
public struct StoredModel: Sendable, Equatable {
    public var version: ModelVersion
    /// The safetensors file.
    public var bytes: Data
    public var calibrations: [DeviceID: Calibration]

    public init(version: ModelVersion, bytes: Data, calibrations: [DeviceID: Calibration]) {
        self.version = version
        self.bytes = bytes
        self.calibrations = calibrations
    }
}
