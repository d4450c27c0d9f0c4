// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetMessaging

/// What can happen on a released model's way; each names the model it is about.
public enum ModelEvent: Sendable, Equatable {
    /// A manifest came whose signature is the coordinator's, at a time.
    case manifest(ReleaseManifest, at: Timestamp)
    /// A file is here, from the broadcast or from the store.
    case file(Digest, Data)
    /// The file is given up.
    case downloadFailed(Digest, ModelRefusal)
    /// The devices that have enough windows are calibrated; at least one.
    case calibrated(Digest, [DeviceID: Calibration])
    /// No device has enough windows.
    case tooFewWindows(Digest)
    /// The model does not fit the devices' windows.
    case calibrationFailed(Digest, String)
    /// Windows were stored since the last look.
    case windowsStored
    /// The comparison on live windows is over.
    case shadowed(Digest, ModelVerdict)
    /// The self-test is over.
    case selfTested(Digest, ModelVerdict)
    /// The machines and the clock were looked at; with why the machines are not idle, `nil` if they are.
    case lookedAtMachines(Timestamp, notIdle: String?)
    /// The swap is committed.
    case activated(Digest)
    /// The swap could not be written; the disk may have room later.
    case activationFailed(Digest)
    /// A model that was learned here is active.
    case becameActive(ModelVersion)
    /// The active model does what it did not do in the shadow; with what was counted.
    case misbehaved(Digest, String, [String: Double])
}

/// What is to be done on a released model's way.
public enum ModelAction: Sendable, Equatable {
    /// Get the file, from the store if it is there.
    case fetch(ModelReference)
    case stopFetching(Digest)
    /// Store the candidate, so that a restart need not download it.
    case keep(ModelCandidate)
    case calibrate(ModelCandidate)
    /// Let the candidate score live windows on every device.
    case startShadow(ModelCandidate)
    case stopShadow
    case selfTest(ModelCandidate)
    /// See whether the machines are idle.
    case lookAtMachines
    /// Write the swap in one transaction, with what was measured.
    case activate(ModelCandidate, [String: Double])
    /// Let every device go on with the candidate; it is committed.
    case install(ModelCandidate)
    /// Store that the release is done with, why, and what was measured.
    case refuse(ReleaseManifest, ModelRefusal, [String: Double])
    /// Store that the release is done with; nothing had to change.
    case remember(ReleaseManifest)
    /// Say why a manifest is not acted on; nothing changes.
    case decline(ReleaseManifest, ModelRefusal)
    /// Hand the manifest in again once the swap is done.
    case remindLater(ReleaseManifest)
    case report(ReleaseManifest, RolloutState, String, [String: Double])
    /// Put the previous model back, for the active one misbehaves.
    case restorePrevious(String, [String: Double])
    /// Put the previous model back, for the release says so.
    case goBack(ReleaseManifest)
    /// Confirm the active model, unless devices still watch it beside the one before.
    case confirm(ReleaseManifest)
}

/// How a candidate did in one trial.
public struct ModelVerdict: Sendable, Equatable {
    public var passes: Bool
    /// One sentence for a person.
    public var reason: String
    /// What was measured, by name.
    public var evidence: [String: Double]

    public init(passes: Bool, reason: String, evidence: [String: Double]) {
        self.passes = passes
        self.reason = reason
        self.evidence = evidence
    }
}
