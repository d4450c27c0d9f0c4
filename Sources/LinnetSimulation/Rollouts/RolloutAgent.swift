// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetEdge
import LinnetMessaging

/// One agent of a simulated rollout: the decisions are those of a real one, and its trials run on its own windows.
struct RolloutAgent {
    let id: AgentID
    /// The usual delay of a message to or from it, in milliseconds.
    let latency: Int64
    /// Whether its device can not take a version, whichever it is.
    let isFailing: Bool
    var isOnline: Bool
    var lifecycle: ModelLifecycle
    /// The models that it runs, and ran before; calibrated when they are first needed.
    var active: DeviceModel?
    var previous: DeviceModel?
    /// Said again after each connect.
    var lastReport: RolloutReport?
}
