// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import Synchronization

/// A clock that moves only when a test says so.
public final class ManualClock: Sendable {
    private let time: Mutex<Timestamp>

    /// Starts at 2026-01-01T00:00:00Z unless told otherwise.
    public init(at start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) { time = Mutex(start) }

    /// What the code under test is handed.
    public var wallClock: WallClock { WallClock { self.now } }

    public var now: Timestamp { time.withLock { $0 } }

    /// Moves the time; backwards if `milliseconds` is negative.
    public func advance(milliseconds: Int64) {
        time.withLock { $0 = $0.adding(milliseconds: milliseconds) }
    }
}
