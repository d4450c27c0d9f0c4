// SPDX-License-Identifier: Apache-2.0

import LinnetNN

/// Why some bytes are not a model that the lab can score with.
public enum TrainedModelError: Error, Equatable, CustomStringConvertible {
    /// The model itself can not be read or run.
    case model(ModelArtifactError)
    /// It is a model version, as fleets have them: no device has been calibrated for it.
    case isVersion
    /// What is said of the device is missing or out of range.
    case device(String)
    /// The model does not fit the device.
    case detection(DetectionError)

    public var description: String {
        switch self {
        case .model(let error): "\(error)"
        case .isVersion:
            "it is a model version without a device's calibration; train on from it: linnet train --from"
        case .device(let problem): "device: \(problem)"
        case .detection(let error): "\(error)"
        }
    }
}
