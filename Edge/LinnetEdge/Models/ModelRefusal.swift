// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Why a released model is not taken.
public enum ModelRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// The release is for devices of another kind.
    case wrongCohort(found: CohortID, own: CohortID)
    /// A release with this number or a higher one was acted on before.
    case replayed(release: Int, last: Int)
    /// The release was to be begun with until then.
    case expired(release: Int, at: Timestamp)
    /// The file is larger than an agent takes.
    case tooLarge(bytes: Int, limit: Int)
    /// The file came so slowly that somebody may hold it back.
    case tooSlow(chunks: Int, of: Int, seconds: Int)
    /// What came under the file's digest was another one, time after time.
    case garbage(times: Int)
    /// The file's sha256 is not the one in the manifest.
    case digest
    /// The file is no model that can be run.
    case unreadable(String)
    /// The model reads other windows than the devices have.
    case wrongContract(channels: Int, length: Int, deviceChannels: Int, deviceLength: Int)
    /// It does not fit what the devices have recorded.
    case calibration(String)
    /// Beside the active model it did not do well on live windows.
    case shadow(String)
    /// A newer release took it back before it was active.
    case withdrawn(release: Int)
    /// It did not find faults laid over the devices' own windows, or raised alarms without any.
    case selfTest(String)

    public var description: String {
        switch self {
        case .wrongCohort(let found, let own): "the release is for cohort \(found); this agent's is \(own)"
        case .replayed(let release, let last):
            "release \(release) is not above \(last), which was acted on: a replay"
        case .expired(let release, let time):
            "release \(release) was to be begun with until \(time); the coordinator says it again if it still stands"
        case .tooLarge(let bytes, let limit): "the model has \(bytes) bytes; at most \(limit) are taken"
        case .tooSlow(let chunks, let count, let seconds):
            "the file came too slowly: \(chunks) of \(count) chunks in \(seconds) s of waiting"
        case .garbage(let times): "what came as the file was another one \(times) times"
        case .digest: "the file's sha256 is not the one in the manifest"
        case .unreadable(let reason): reason
        case .wrongContract(let channels, let length, let deviceChannels, let deviceLength):
            "the model reads windows of \(length) samples of \(channels) channels; "
                + "the devices have \(deviceLength) samples of \(deviceChannels)"
        case .calibration(let reason): "calibration: \(reason)"
        case .withdrawn(let release): "release \(release) took it back"
        case .shadow(let reason): "shadow: \(reason)"
        case .selfTest(let reason): "self-test: \(reason)"
        }
    }
}
