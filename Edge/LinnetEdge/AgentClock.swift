// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDomain

/// The clocks of an agent: what time it is, for people, and how much time has passed, for every timeout.
///
/// A plant's wall clock jumps, by hours at times; nothing that is waited for may depend on it.
public struct AgentClock: Sendable {
    private let wall: WallClock
    private let monotonic: @Sendable () -> Int64

    /// - Parameter uptime: milliseconds since any fixed point; never goes back.
    public init(wall: WallClock, uptime: @escaping @Sendable () -> Int64) {
        self.wall = wall
        monotonic = uptime
    }

    /// The system's clocks.
    public static let system = AgentClock(wall: .system) {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    public func now() -> Timestamp { wall.now() }

    /// Milliseconds since a fixed point.
    public func uptime() -> Int64 { monotonic() }
}
