// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetMessaging

/// Decides what is different where the strategy works on a buffer (FedBuff): a round is then the filling of one, and takes
/// updates of earlier rounds too. Without a buffer it changes nothing.
public struct LateUpdates: Sendable, Equatable {
    private let buffer: FedBuff?

    public init(_ strategy: StrategyDescription) { buffer = strategy.buffer }

    /// Whether an answer is of use once its round is over.
    public var areTaken: Bool { buffer != nil }

    /// The round as it is to be opened: one that closes as soon as the buffer is full, while more agents are asked than it
    /// holds.
    public func asBuffer(_ round: Round) -> Round {
        guard let buffer, round.kind == .training else { return round }
        var round = round
        round.goal = min(round.goal, buffer.bufferSize)
        round.quorum = min(round.quorum, round.goal)
        round.settings.acceptsLateUpdates = true
        return round
    }

    /// The numbers of the versions that a late update for a round may have started from; `nil` where none is taken.
    public func bases(of round: Round) -> ClosedRange<Int>? {
        guard let buffer, round.kind == .training, let base = round.base?.version.number else { return nil }
        return base - min(base, buffer.maximumStaleness)...base
    }

    /// How many versions older than `base` the one is that an update started from.
    public static func staleness(of header: UpdateHeader, base: ModelVersion) -> Int {
        // Neither number is more than a few digits away from the other: both were given by this coordinator.
        max(0, base.number - (header.base ?? base).number)
    }

    /// The files of older versions that updates started from, by how many versions ago that was.
    public static func origins(
        of headers: [UpdateHeader], base: ModelVersion, file: (ModelVersion) throws -> Data?
    ) rethrows -> [Int: Data] {
        var origins: [Int: Data] = [:]
        for header in headers {
            guard let version = header.base, version != base else { continue }
            let age = staleness(of: header, base: base)
            if origins[age] == nil { origins[age] = try file(version) }
        }
        return origins
    }

    /// Whether an update has come between two buffers: it is not judged, and its agent sends it again.
    ///
    /// - Parameter last: the newest round of the update's cohort.
    public func waits(_ header: UpdateHeader, last: Round?) -> Bool {
        guard areTaken, header.kind == .training, let last, header.round <= last.number else { return false }
        return last.phase != .collecting || last.kind != .training
    }

    /// The first round whose half-received updates are kept though it is over.
    public func firstRound(before open: Int) -> Int { buffer.map { open - $0.maximumStaleness } ?? .max }
}
