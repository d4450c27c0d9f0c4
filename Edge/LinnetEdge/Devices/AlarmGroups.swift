// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import Synchronization

/// Finds out which alarms of an agent's devices have one cause: they begin together and are about the same channels.
///
/// A failing supply, a hot day or a stopped line is one thing that has happened, not twenty: whoever reads the alarms can
/// see them as one by the id of the first.
public struct AlarmGrouping: Sendable {
    /// How far apart two alarms of one cause begin at most, in milliseconds, and how alike their channels' shares are.
    static let longestApart: Int64 = 60_000
    static let leastSimilarity = 0.9
    /// Alarms that are remembered.
    static let capacity = 64

    private struct Member {
        var id: ULID
        var cause: ULID
        var device: DeviceID
        var startedAt: Timestamp
        var pattern: AlarmPattern
    }

    private var members: [Member] = []

    public init() {}

    /// Takes in an alarm that was raised.
    ///
    /// - Returns: the first alarm of its cause; `nil` where it is that one itself.
    public mutating func handle(_ event: AnomalyEvent) -> ULID? {
        let pattern = AlarmPattern(event.contributions)
        let first = members.first { member in
            member.device != event.device
                && abs(member.startedAt.milliseconds(since: event.startedAt)) <= Self.longestApart
                && member.pattern.similarity(to: pattern) >= Self.leastSimilarity
        }
        if members.count == Self.capacity { members.removeFirst() }
        members.append(
            Member(
                id: event.id, cause: first?.cause ?? event.id, device: event.device, startedAt: event.startedAt,
                pattern: pattern))
        return first?.cause
    }
}

/// The grouping that all devices of an agent share.
public final class AlarmGroups: Sendable {
    private let grouping = Mutex(AlarmGrouping())

    public init() {}

    func cause(of event: AnomalyEvent) -> ULID? { grouping.withLock { $0.handle(event) } }
}
