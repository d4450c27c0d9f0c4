// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import LinnetNumerics
import Testing

@Suite("Chunks")
struct ChunkTests {
    private func file(_ count: Int) -> Data {
        var generator = SeededGenerator(seed: UInt64(count))
        return Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    @Test("a plan cuts a file into chunks of one size and a last one of the rest")
    func plan() {
        let file = Data("0123456789".utf8)
        let plan = ChunkPlan(of: file, chunkBytes: 4)

        #expect(plan == Samples.plan)
        #expect(plan.count == 3)
        #expect(
            (0..<3).map { plan.chunk($0, of: file).map { String(decoding: $0, as: UTF8.self) } } == [
                "0123", "4567", "89",
            ])
        #expect(plan.chunk(3, of: file) == nil)
        #expect(plan.chunk(-1, of: file) == nil)
        #expect(plan.chunk(0, of: file.dropLast()) == nil)
        // A slice does not start at index 0.
        #expect(plan.chunk(1, of: (Data("xx".utf8) + file).dropFirst(2)) == Data("4567".utf8))
        #expect(ChunkPlan(of: file, chunkBytes: 5).count == 2)
        #expect(ChunkPlan(of: file, chunkBytes: 10).count == 1)
    }

    @Test("a plan that nobody can follow is refused")
    func refusedPlans() {
        func isAllowed(_ bytes: Int, _ chunkBytes: Int) -> Bool {
            do throws(WireError) {
                try ChunkPlan(digest: Samples.digest, bytes: bytes, chunkBytes: chunkBytes).check()
                return true
            } catch {
                return false
            }
        }
        #expect(isAllowed(1, 1))
        #expect(isAllowed(65_536, 1))
        #expect(isAllowed(256 * 1024 * 1024, 128 * 1024))
        for (bytes, chunkBytes) in [
            (0, 1), (-1, 1), (1, 0), (1, -1), (1, 131_073), (65_537, 1), (256 * 1024 * 1024 + 1, 131_072), (.max, .max),
            (.min, .min),
        ] {
            #expect(!isAllowed(bytes, chunkBytes), "\(bytes) in \(chunkBytes)")
        }
        // Not even a plan that was never checked traps.
        for (bytes, chunkBytes) in [(Int.max, Int.max - 1), (.max, 1), (.min, .min), (0, 0), (5, -5)] {
            let plan = ChunkPlan(digest: Samples.digest, bytes: bytes, chunkBytes: chunkBytes)
            for index in [Int.min, -1, 0, 1, 2, .max] { _ = plan.range(of: index) }
        }
    }

    @Test("chunks make the file in any order, any number of times each", arguments: [1, 2, 3])
    func anyOrder(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let file = file(10_007)
        let plan = ChunkPlan(of: file, chunkBytes: 100)
        var assembly = ChunkAssembly(plan)
        let order = (0..<plan.count).shuffled(using: &generator)

        for (position, index) in order.enumerated() {
            let chunk = plan.chunk(index, of: file) ?? Data()
            #expect(assembly.missing == order[position...].sorted())
            let outcome = assembly.add(chunk, at: index)
            guard position < order.count - 1 else {
                #expect(outcome == .complete(file))
                continue
            }
            #expect(outcome == .accepted)
            #expect(assembly.add(chunk, at: index) == .ignored)
            #expect(assembly.received == position + 1)
        }
    }

    @Test("a chunk of another size or place is not taken")
    func strange() {
        var assembly = ChunkAssembly(Samples.plan)

        #expect(assembly.add(Data("012".utf8), at: 0) == .ignored)
        #expect(assembly.add(Data("01234".utf8), at: 0) == .ignored)
        #expect(assembly.add(Data("0123".utf8), at: 2) == .ignored)
        #expect(assembly.add(Data(), at: 3) == .ignored)
        #expect(assembly.add(Data("0123".utf8), at: .max) == .ignored)
        #expect(assembly.add(Data("0123".utf8), at: -1) == .ignored)
        #expect(assembly.missing == [0, 1, 2])
    }

    @Test("a file with one wrong byte is corrupt, and collecting starts anew")
    func corrupt() {
        var assembly = ChunkAssembly(Samples.plan)
        #expect(assembly.add(Data("0123".utf8), at: 0) == .accepted)
        #expect(assembly.add(Data("45x7".utf8), at: 1) == .accepted)
        #expect(assembly.add(Data("89".utf8), at: 2) == .corrupt)
        #expect(assembly.missing == [0, 1, 2])

        _ = assembly.add(Data("0123".utf8), at: 0)
        _ = assembly.add(Data("4567".utf8), at: 1)
        #expect(assembly.add(Data("89".utf8), at: 2) == .complete(Data("0123456789".utf8)))
    }

    @Test("a request names the missing chunks by one bit each")
    func request() {
        let request = ChunkRequest(digest: Samples.digest, missing: [0, 7, 8, 19], of: 20)

        #expect(request.missing == "810108")
        #expect(request.indices == [0, 7, 8, 19])
        #expect(ChunkRequest(digest: Samples.digest, missing: [-1, 20, .max], of: 20).indices == [])
        #expect(ChunkRequest(digest: Samples.digest, missing: [], of: 0).missing == "")
        let largest = ChunkRequest(digest: Samples.digest, missing: Array(0..<65_536), of: 65_536)
        #expect(largest.missing.utf8.count == 16_384)
        #expect(largest.indices.count == 65_536)
        #expect(throws: Never.self) { try largest.check() }
    }

    @Test("the digest of a file is its SHA-256")
    func digest() {
        #expect(Samples.digest.hex == Samples.digestHex)
        #expect(
            LinnetDomain.Digest(of: Data()).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}
