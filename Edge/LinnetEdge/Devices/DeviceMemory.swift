// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection

/// Where a device stands, as the store keeps it, so that a restart goes on from there.
struct DeviceMemory: Codable, Equatable {
    var alarm: AlarmState
    /// The active model's threshold; absent without a model.
    var threshold: ThresholdMemory?

    init(alarm: AlarmState, threshold: ThresholdMemory?) {
        self.alarm = alarm
        self.threshold = threshold
    }

    /// - Returns: `nil` for unreadable bytes: a memory of another version of Linnet is no reason not to watch.
    init?(_ bytes: Data?) {
        guard let bytes, let memory = try? JSONDecoder().decode(DeviceMemory.self, from: bytes) else { return nil }
        self = memory
    }

    var bytes: Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // It holds finite numbers only, so it can be written; empty bytes would only be read as none.
        return (try? encoder.encode(self)) ?? Data()
    }
}
