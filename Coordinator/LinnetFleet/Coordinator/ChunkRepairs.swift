// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Gathers requests for missing chunks, so that what several agents miss is sent once for all of them.
public struct ChunkRepairs: Sendable {
    /// Most models asked for at a time.
    public static let maximumModels = 64
    private var wanted: [Digest: Set<Int>] = [:]

    public init() {}

    /// Adds chunks of a model; `false` if too many models are asked for already.
    public mutating func add(_ digest: Digest, _ indices: [Int]) -> Bool {
        guard wanted[digest] != nil || wanted.count < Self.maximumModels else { return false }
        wanted[digest, default: []].formUnion(indices)
        return true
    }

    /// Hands out all that is wanted, in order, and forgets it.
    public mutating func take() -> [(Digest, [Int])] {
        defer { wanted = [:] }
        return wanted.sorted { $0.key.hex < $1.key.hex }.map { ($0.key, $0.value.sorted()) }
    }
}
