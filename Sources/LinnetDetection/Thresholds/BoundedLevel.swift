// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDomain

/// A level that may be moved, but neither fast nor far: whoever feeds a device slowly with more and more of a fault, and a
/// fault that grows by itself, can raise its threshold by no more than this.
public struct BoundedLevel: Sendable, Hashable, Codable {
    /// The factor by which the level may grow or shrink in a day, and those by which it may in all.
    public static let dailyFactor = 1.1
    public static let mostFactor = 2.0
    public static let leastFactor = 0.7
    static let dayMilliseconds = 86_400_000.0

    /// What it was when a person or a self-tested model last set it.
    public let first: Double
    public private(set) var level: Double
    private var movedAt: Timestamp

    /// - Parameter level: above 0.
    public init(_ level: Double, at time: Timestamp) {
        first = level
        self.level = level
        movedAt = time
    }

    /// Moves it towards a wanted level as far as the time since the last move allows, a day's worth at most.
    public mutating func move(towards wanted: Double, at time: Timestamp) {
        let days = min(1, max(0, Double(time.milliseconds(since: movedAt)) / Self.dayMilliseconds))
        movedAt = time
        guard wanted.isFinite, first > 0 else { return }
        let factor = pow(Self.dailyFactor, days)
        let reachable = min(max(wanted, level / factor), level * factor)
        level = min(max(reachable, first * Self.leastFactor), first * Self.mostFactor)
    }
}
