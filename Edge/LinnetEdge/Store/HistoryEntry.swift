// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// One step of a model on this agent, as its history keeps it: what happened to which version, why, and what was measured.
public struct HistoryEntry: Codable, Sendable, Equatable {
    /// What happened.
    public enum Step: String, Codable, Sendable, Hashable, CaseIterable {
        /// A release, or an order of a rollout, named the version to run.
        case assigned
        /// Its file is here whole, is the signed one, and a model for these devices.
        case verified
        /// It began to score live windows beside the active model.
        case shadowing
        /// It began to be tried on synthetic faults; the evidence is what the shadow has measured.
        case selfTesting
        /// It has passed its trials, and the switch waits.
        case ready
        /// It raises the alarms from here on.
        case activated
        /// It stays.
        case confirmed
        /// It was not taken.
        case refused
        /// It misbehaved; the one before is back, by the agent's own decision.
        case reverted
        /// A newer release took it back, and the one before is back.
        case returned
        /// It was learned here, and raises the alarms from here on.
        case learned
        /// Devices that had too few windows before run it from here on.
        case calibrated
        /// The devices' signal contract has changed, and no model fits it.
        case cleared
    }

    /// What a device scores with in the place of the active version's weights.
    public struct DeviceWeights: Codable, Sendable, Equatable {
        public var kind: WeightKind
        /// Of all weights as they run, Float32, little endian.
        public var digest: Digest

        public init(_ kind: WeightKind, _ digest: Digest) {
            self.kind = kind
            self.digest = digest
        }
    }

    public var at: Timestamp
    public var step: Step
    /// The version that it is about.
    public var version: ModelVersion?
    public var release: Int?
    /// The rollout whose order it was; absent for a release to the whole cohort.
    public var rollout: Int?
    /// One sentence for a person.
    public var reason: String
    /// What was measured, by name.
    public var evidence: [String: Double]
    /// The version that raises alarms once this has happened; absent where none does.
    public var active: ModelVersion?
    /// The devices that it raises them on: the others have too few windows to be calibrated for it.
    public var devices: [DeviceID]
    /// Those of them, by name, that score with other weights than the version's own; absent where none does.
    public var weights: [String: DeviceWeights]?

    public init(
        at: Timestamp, _ step: Step, _ version: ModelVersion?, release: Int? = nil, rollout: Int? = nil,
        reason: String = "", evidence: [String: Double] = [:], active: ModelVersion? = nil, devices: [DeviceID] = [],
        weights: [String: DeviceWeights]? = nil
    ) {
        self.at = at
        self.step = step
        self.version = version
        self.release = release
        self.rollout = rollout
        self.reason = reason
        self.evidence = evidence
        self.active = active
        self.devices = devices
        self.weights = weights
    }
}
