// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// What a device tells the rest of the agent.
public enum DeviceOutput: Sendable, Equatable {
    /// An event is committed to the outbox.
    case eventCommitted
    /// What is normal has changed: a new model is asked for.
    case drifted(DeviceID)
    /// The phase changed.
    case phaseChanged
    /// So many normal windows were stored.
    case windowsStored(DeviceID, Int)
    /// One more live window was scored beside the active model.
    case shadowed(DeviceID, Digest, ShadowComparison)
    /// One more window was scored by the active model and by the one it replaced.
    case probation(DeviceID, Digest, Probation)
    /// The active model does what it did not do in the shadow; with what was counted.
    case misbehaved(Digest, String, [String: Double])
}
