// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// Decides when an agent takes part in no round, and says why.
///
/// One alarm among many devices is no reason: what is learned from are stored windows, and none under an alarm is among
/// them. Where more than half of the devices fire (an agent's only device, say), the windows stored just before may show
/// the fault already, and no new ones have come since: such an agent could bring harm, and has nothing new to bring. The
/// same holds where all devices are under maintenance; one that is has no say about the others.
public enum SittingOut {
    /// How long an alarm keeps its device out, in milliseconds: a day. One that goes on for ever would keep the agent out for
    /// ever, and what it has stored is from before the alarm; its model may well be what is wrong.
    public static let longestMilliseconds: Int64 = 86_400_000

    /// - Parameters:
    ///   - devices: all devices of the agent as they are now.
    ///   - maintained: those that the operator has put under maintenance.
    ///   - now: by the agent's clock.
    /// - Returns: the reason; `nil` where the agent takes part.
    public static func reason(devices: [DeviceState], underMaintenance maintained: Set<DeviceID>, at now: Timestamp)
        -> String?
    {
        let others = devices.filter { !maintained.contains($0.id) }
        guard !others.isEmpty else {
            return devices.count == 1 ? "its device is under maintenance" : "all its devices are under maintenance"
        }
        let firing = others.count { device in
            let age = device.alarmSince.map { now.milliseconds(since: $0) } ?? 0
            return device.phase == .firing && age < longestMilliseconds
        }
        guard 2 * firing > others.count else { return nil }
        return devices.count == 1 ? "its device is under alarm" : "\(firing) of \(others.count) devices are under alarm"
    }
}
