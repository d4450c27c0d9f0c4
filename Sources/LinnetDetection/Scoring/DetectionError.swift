// SPDX-License-Identifier: Apache-2.0

/// Why a model can not be put to use on a device.
public enum DetectionError: Error, Equatable, CustomStringConvertible {
    /// There are too few windows to fit or to calibrate on.
    case tooFewWindows(found: Int, needed: Int)
    /// The model is for other windows than the device's.
    case wrongShape(channels: Int, length: Int, modelChannels: Int, modelLength: Int)
    /// The model can not be run.
    case model(String)
    /// The calibration does not belong to the model.
    case calibration(String)
    /// A fault can not be laid over this source.
    case fault(String)
    /// A source can not be read.
    case source(String)

    public var description: String {
        switch self {
        case .tooFewWindows(let found, let needed): "\(found) windows are too few; \(needed) are needed"
        case .wrongShape(let channels, let length, let modelChannels, let modelLength):
            "the model is for \(modelChannels) channels and windows of \(modelLength); the device has \(channels) "
                + "channels and windows of \(length)"
        case .model(let reason): "the model can not be run: \(reason)"
        case .calibration(let reason): "the calibration does not fit: \(reason)"
        case .fault(let reason): "fault: \(reason)"
        case .source(let reason): reason
        }
    }
}
