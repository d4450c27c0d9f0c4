// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain

/// How a file is cut into messages: `count` chunks of `chunkBytes`, the last one shorter.
public struct ChunkPlan: Hashable, Sendable, Codable, WireChecked {
    /// SHA-256 of the whole file.
    public var digest: Digest
    /// Bytes of the whole file.
    public var bytes: Int
    /// Bytes of every chunk but the last.
    public var chunkBytes: Int

    /// Most bytes of one chunk.
    public static let maximumChunkBytes = 128 * 1024
    /// Most bytes of one file.
    public static let maximumFileBytes = 256 * 1024 * 1024

    public init(digest: Digest, bytes: Int, chunkBytes: Int) {
        self.digest = digest
        self.bytes = bytes
        self.chunkBytes = chunkBytes
    }

    /// Plans the cutting of `file`.
    public init(of file: Data, chunkBytes: Int) {
        self.init(digest: Digest(of: file), bytes: file.count, chunkBytes: chunkBytes)
    }

    /// Number of chunks.
    public var count: Int { chunkBytes > 0 && bytes > 0 ? (bytes - 1) / chunkBytes + 1 : 0 }

    /// Where chunk `index` lies in the file; `nil` if there is no such chunk.
    public func range(of index: Int) -> Range<Int>? {
        guard index >= 0, index < count else { return nil }
        let start = index * chunkBytes
        return start..<start + min(chunkBytes, bytes - start)
    }

    /// Chunk `index` of `file`; `nil` if there is no such chunk, or the file is not the planned one.
    public func chunk(_ index: Int, of file: Data) -> Data? {
        guard file.count == bytes, let range = range(of: index) else { return nil }
        return file.subdata(in: file.startIndex + range.lowerBound..<file.startIndex + range.upperBound)
    }

    public func check() throws(WireError) {
        guard (1...Self.maximumFileBytes).contains(bytes) else {
            throw .notAllowed(field: "bytes", found: "\(bytes)", allowed: "1 to \(Self.maximumFileBytes)")
        }
        // The lower bound keeps the number of chunks, and with it the bookkeeping, bounded.
        let smallest = max(1, (bytes - 1) / 65_536 + 1)
        guard (smallest...Self.maximumChunkBytes).contains(chunkBytes) else {
            throw .notAllowed(
                field: "chunkBytes", found: "\(chunkBytes)", allowed: "\(smallest) to \(Self.maximumChunkBytes)")
        }
    }
}

/// Collects the chunks of one file, in any order, any number of times each.
public struct ChunkAssembly: Sendable {
    /// What became of a chunk.
    public enum Outcome: Sendable, Equatable {
        /// Taken in; more are missing.
        case accepted
        /// Already here, or not a chunk of this file; nothing changed.
        case ignored
        /// This was the last one, and the whole has the planned digest.
        case complete(Data)
        /// This was the last one, and the whole does not have the planned digest; collecting starts anew.
        case corrupt
    }

    public let plan: ChunkPlan
    private var chunks: [Int: Data] = [:]

    public init(_ plan: ChunkPlan) { self.plan = plan }

    /// Takes in one chunk.
    public mutating func add(_ chunk: Data, at index: Int) -> Outcome {
        guard let range = plan.range(of: index), chunk.count == range.count, chunks[index] == nil else {
            return .ignored
        }
        chunks[index] = chunk
        guard chunks.count == plan.count else { return .accepted }
        var file = Data(capacity: plan.bytes)
        for index in 0..<plan.count { file.append(chunks[index] ?? Data()) }
        guard Digest(of: file) == plan.digest else {
            chunks = [:]
            return .corrupt
        }
        return .complete(file)
    }

    /// Which chunks have not come yet, in order.
    public var missing: [Int] { (0..<plan.count).filter { chunks[$0] == nil } }

    /// Chunks that are here.
    public var received: Int { chunks.count }
}
