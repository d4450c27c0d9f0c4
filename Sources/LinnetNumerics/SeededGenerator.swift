// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Generates the same random numbers from the same seed, on every machine and in every version of Linnet.
///
///     var generator = SeededGenerator(seed: 7)
///     let weight = generator.uniform()            // in [0, 1)
///
/// The generator is xoshiro256** (Blackman and Vigna 2018), its state filled by SplitMix64 (Steele et al. 2014) as its
/// authors recommend. It is fast and statistically sound, and it is *not* fit for keys or tokens.
public struct SeededGenerator: RandomNumberGenerator, Sendable, Hashable, Codable {
    private var s0: UInt64
    private var s1: UInt64
    private var s2: UInt64
    private var s3: UInt64

    /// Starts the sequence that belongs to `seed`; every seed is as good as any other.
    public init(seed: UInt64) {
        var mixer = SplitMix64(state: seed)
        // SplitMix64 visits every value once, so four successive outputs are never all zero.
        self.init(state: (mixer.next(), mixer.next(), mixer.next(), mixer.next()))
    }

    /// Continues from a state of xoshiro256**, which must not be all zero.
    package init(state: (UInt64, UInt64, UInt64, UInt64)) {
        precondition(state.0 | state.1 | state.2 | state.3 != 0, "the all-zero state generates only zeros")
        (s0, s1, s2, s3) = state
    }

    /// - Returns: the next 64 random bits.
    public mutating func next() -> UInt64 {
        let scrambled = s1 &* 5
        let result = (scrambled << 7 | scrambled >> 57) &* 9
        let shifted = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= shifted
        s3 = s3 << 45 | s3 >> 19
        return result
    }

    /// - Returns: a number evenly spread over [0, 1), with 53 random bits.
    public mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// - Returns: a number from the normal distribution with mean 0 and variance 1 (Box and Muller 1958).
    public mutating func gaussian() -> Double {
        let radius = (-2 * log(1 - uniform())).squareRoot()  // 1 - u lies in (0, 1]: the logarithm is finite
        return radius * cos(2 * Double.pi * uniform())
    }

    /// Puts `values` into an order in which every permutation is equally likely (Fisher and Yates).
    ///
    /// Unlike the standard library's `shuffle`, the order for a seed is part of what this type promises.
    public mutating func shuffle(_ values: inout [Int32]) {
        guard values.count > 1 else { return }
        values.withUnsafeMutableBufferPointer { buffer in
            for last in stride(from: buffer.count - 1, to: 0, by: -1) {
                let (pick, _) = next().multipliedFullWidth(by: UInt64(last + 1))
                buffer.swapAt(last, Int(pick))
            }
        }
    }

    private enum CodingKeys: String, CodingKey { case s0, s1, s2, s3 }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        s0 = try container.decode(UInt64.self, forKey: .s0)
        s1 = try container.decode(UInt64.self, forKey: .s1)
        s2 = try container.decode(UInt64.self, forKey: .s2)
        s3 = try container.decode(UInt64.self, forKey: .s3)
        guard s0 | s1 | s2 | s3 != 0 else {
            throw DecodingError.dataCorruptedError(
                forKey: .s0, in: container, debugDescription: "a generator's state is never all zero")
        }
    }
}

/// The generator that fills the state of another one.
package struct SplitMix64 {
    private var state: UInt64

    package init(state: UInt64) { self.state = state }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
