// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging

/// Collects updates that have been announced but are not whole yet; bounded in number and bytes.
///
/// Chunks may come before their header: the broker keeps the order of one publisher, but a coordinator that was just
/// started may have missed the header. Such chunks are ignored, and the agent sends everything again.
public struct UpdateInbox: Sendable {
    /// What became of a header.
    public enum Opening: Sendable, Equatable {
        case collecting
        /// Too much is being collected already; the agent will send again.
        case full
    }

    /// What became of a chunk.
    public enum Outcome: Sendable, Equatable {
        case collecting
        case ignored
        /// The update is whole.
        case complete(UpdateHeader, Data)
        /// The update is whole, but not what its header announced.
        case corrupt(UpdateHeader)
    }

    /// Most updates, and most bytes, collected at a time.
    public let maximumUpdates: Int
    public let maximumBytes: Int
    private var collecting: [AgentID: (header: UpdateHeader, assembly: ChunkAssembly)] = [:]

    public init(maximumUpdates: Int = 1024, maximumBytes: Int = 512 * 1024 * 1024) {
        self.maximumUpdates = maximumUpdates
        self.maximumBytes = maximumBytes
    }

    /// Begins to collect; one update an agent at a time, the newest sequence number wins.
    public mutating func open(_ header: UpdateHeader) -> Opening {
        if let known = collecting[header.agent] {
            // An older header arriving late does not push out what is being collected.
            guard header.sequence > known.header.sequence else { return .collecting }
            collecting[header.agent] = nil
        }
        let bytes = collecting.values.reduce(header.plan.bytes) { $0 + $1.header.plan.bytes }
        guard collecting.count < maximumUpdates, bytes <= maximumBytes else { return .full }
        collecting[header.agent] = (header, ChunkAssembly(header.plan))
        return .collecting
    }

    /// Takes in part `part` (1 and up) of an update.
    public mutating func add(_ chunk: Data, part: Int, of round: Int, from agent: AgentID) -> Outcome {
        guard part >= 1, let header = collecting[agent]?.header, header.round == round else { return .ignored }
        switch collecting[agent]?.assembly.add(chunk, at: part - 1) {
        case .complete(let body):
            collecting[agent] = nil
            return .complete(header, body)
        case .corrupt:
            collecting[agent] = nil
            return .corrupt(header)
        case .accepted: return .collecting
        case .ignored, nil: return .ignored
        }
    }

    /// Lets go of what belongs to rounds that are over.
    ///
    /// - Parameter late: the first round whose updates are of use even when it is over.
    public mutating func keep(rounds open: Set<Int>, lateFrom late: Int = .max) {
        collecting = collecting.filter { open.contains($0.value.header.round) || $0.value.header.round >= late }
    }

    public var count: Int { collecting.count }
}
