// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// Decides which events go out now: in order, few at a time, again if nobody has acknowledged them.
///
/// The broker's acknowledgement is not asked: only the coordinator's own, sent after its commit, lets an event go. It is
/// shown the head of the outbox and answers what is due of it; the head moves on as acknowledged rows go.
public struct OutboxDelivery: Sendable, Equatable {
    /// Most events that are sent and not acknowledged.
    public static let window = 20
    /// First wait for an acknowledgement, and the longest, in milliseconds; it doubles in between.
    public static let firstTimeout: Int64 = 5000
    public static let longestTimeout: Int64 = 60_000
    /// An event older than this when it is first sent is history, in milliseconds.
    public static let freshness: Int64 = 60_000

    private struct Attempt: Equatable {
        var count: Int
        var dueAt: Int64
    }

    private var attempts: [Int64: Attempt] = [:]
    private var isConnected = false

    public init() {}

    /// Takes in a change of the connection: what was under way may be lost with it, so all of it is due again.
    public mutating func connectionChanged(isConnected: Bool) {
        self.isConnected = isConnected
        for sequence in attempts.keys { attempts[sequence]?.dueAt = .min }
    }

    /// Forgets what is stored at the coordinator.
    public mutating func acknowledged(through sequence: Int64) {
        attempts = attempts.filter { $0.key > sequence }
    }

    /// What to send now, in order.
    ///
    /// - Parameters:
    ///   - head: the first events of the outbox, at most ``window`` of which count.
    ///   - uptime: monotonic milliseconds.
    ///   - now: the wall clock, for telling history from news only.
    public func due(_ head: [OutboxEntry], uptime: Int64, now: Timestamp) -> [AnomalyMessage] {
        guard isConnected, let oldest = head.first?.sequence else { return [] }
        return head.prefix(Self.window).compactMap { entry in
            let attempt = attempts[entry.sequence]
            if let attempt, attempt.dueAt > uptime { return nil }
            let isOld = now.milliseconds(since: entry.writtenAt) > Self.freshness
            return AnomalyMessage(
                event: entry.event, sequence: entry.sequence, oldest: oldest, historical: attempt != nil || isOld)
        }
    }

    /// Notes that an event is on its way.
    public mutating func sent(_ sequence: Int64, uptime: Int64) {
        let count = (attempts[sequence]?.count ?? 0) + 1
        // At most 2⁴: the longest timeout is reached before that.
        let timeout = min(Self.longestTimeout, Self.firstTimeout << Int64(min(count - 1, 4)))
        attempts[sequence] = Attempt(count: count, dueAt: uptime + timeout)
    }
}
