// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging

/// Gets one model file: waits a little for the broadcast that all listen to, then asks for what has not come.
public struct ChunkFetch: Sendable {
    /// How long after the last chunk, or the start, to ask for the missing ones, in milliseconds.
    public static let firstPatience: Int64 = 1000
    /// The longest wait between two requests that bring nothing.
    public static let longestPatience: Int64 = 60_000

    private var assembly: ChunkAssembly
    private var patience = firstPatience
    private var askAt: Int64
    /// Times that all chunks were here and were not the planned file.
    public private(set) var corruptions = 0

    public init(_ plan: ChunkPlan, uptime: Int64) {
        assembly = ChunkAssembly(plan)
        askAt = uptime + Self.firstPatience
    }

    public var plan: ChunkPlan { assembly.plan }

    /// Takes in a chunk.
    ///
    /// - Returns: the file, if this was the last chunk and the whole has the planned digest.
    public mutating func take(_ chunk: Data, at index: Int, uptime: Int64) -> Data? {
        switch assembly.add(chunk, at: index) {
        case .ignored: return nil
        case .accepted:
            patience = Self.firstPatience
            askAt = uptime + patience
            return nil
        case .corrupt:
            // Somebody sends garbage under this digest; all is asked for again, more and more slowly.
            corruptions += 1
            backOff(uptime: uptime)
            return nil
        case .complete(let file): return file
        }
    }

    /// - Returns: what to ask for now, if it is time to.
    public mutating func tick(uptime: Int64) -> ChunkRequest? {
        guard uptime >= askAt else { return nil }
        backOff(uptime: uptime)
        return ChunkRequest(digest: plan.digest, missing: assembly.missing, of: plan.count)
    }

    /// Asks at once after a reconnect: what was broadcast meanwhile is gone.
    public mutating func connected(uptime: Int64) {
        patience = Self.firstPatience
        askAt = min(askAt, uptime + patience)
    }

    private mutating func backOff(uptime: Int64) {
        patience = min(2 * patience, Self.longestPatience)
        askAt = uptime + patience
    }
}
