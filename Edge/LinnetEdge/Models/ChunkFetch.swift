// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging

/// Gets one model file: waits a little for the broadcast that all listen to, then asks for what has not come.
///
/// A file that comes as garbage time after time, or one chunk an hour, is given up: see ``refusal``.
public struct ChunkFetch: Sendable {
    /// How long after the last chunk, or the start, to ask for the missing ones, in milliseconds.
    public static let firstPatience: Int64 = 1000
    /// The longest wait between two requests that bring nothing.
    public static let longestPatience: Int64 = 60_000
    /// Times that a file may come whole and be another one.
    public static let mostCorruptions = 3
    /// What any file may take from its first chunk on, and how many bytes must come in each second beyond that.
    public static let leastMilliseconds: Int64 = 600_000
    public static let slowestBytesPerSecond: Int64 = 4096
    /// What one wait counts for at most: a coordinator that is away for an hour is not slow.
    static let longestWait: Int64 = 2 * longestPatience

    private var assembly: ChunkAssembly
    private var patience = firstPatience
    private var askAt: Int64
    private var lastChunkAt: Int64?
    private var spent: Int64 = 0
    /// Times that all chunks were here and were not the planned file.
    public private(set) var corruptions = 0
    /// Chunks asked for, each as often as it was.
    public private(set) var asked = 0
    /// Why the file is not waited for any longer; `nil` while it is.
    public private(set) var refusal: ModelRefusal?

    public init(_ plan: ChunkPlan, uptime: Int64) {
        assembly = ChunkAssembly(plan)
        askAt = uptime + Self.firstPatience
    }

    public var plan: ChunkPlan { assembly.plan }

    /// Chunks that are here.
    public var received: Int { assembly.received }

    /// Takes in a chunk.
    ///
    /// - Returns: the file, if this was the last chunk and the whole has the planned digest.
    public mutating func take(_ chunk: Data, at index: Int, uptime: Int64) -> Data? {
        switch assembly.add(chunk, at: index) {
        case .ignored: return nil
        case .accepted:
            patience = Self.firstPatience
            askAt = uptime + patience
            judgePace(uptime: uptime)
            return nil
        case .corrupt:
            // Somebody sends garbage under this digest; all is asked for again, more and more slowly.
            corruptions += 1
            if corruptions >= Self.mostCorruptions { refusal = .garbage(times: corruptions) }
            backOff(uptime: uptime)
            return nil
        case .complete(let file): return file
        }
    }

    private mutating func judgePace(uptime: Int64) {
        spent += min(Self.longestWait, uptime - (lastChunkAt ?? uptime))
        lastChunkAt = uptime
        guard spent > Self.leastMilliseconds + Int64(plan.bytes) * 1000 / Self.slowestBytesPerSecond else { return }
        refusal = .tooSlow(chunks: received, of: plan.count, seconds: Int(spent / 1000))
    }

    /// - Returns: what to ask for now, if it is time to.
    public mutating func tick(uptime: Int64) -> ChunkRequest? {
        guard uptime >= askAt else { return nil }
        backOff(uptime: uptime)
        let missing = assembly.missing
        asked += missing.count
        return ChunkRequest(digest: plan.digest, missing: missing, of: plan.count)
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
