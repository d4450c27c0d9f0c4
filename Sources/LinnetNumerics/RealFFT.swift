// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The discrete Fourier transform of real values, `X_k = Σ x_n e^(-2πi k n / N)` for k = 0 ... N/2; the others mirror these.
///
///     let fft = RealFFT(length: 64)
///     fft.transform(samples, real: &real, imaginary: &imaginary)      // 33 of each
///
/// Pairs of neighbours are taken for the halves of complex numbers, transformed by the radix-2 algorithm (Cooley and Tukey
/// 1965), and told apart again: half of the work that a complex transform of the same length would be.
public struct RealFFT: Sendable, Hashable {
    /// N, a power of two, at least 2.
    public let length: Int
    /// `cos(2πk/N)` and `sin(2πk/N)` for k = 0 ..< N/2.
    private let cosines: [Float]
    private let sines: [Float]
    /// Where each pair goes before the first step: its number with the bits turned round.
    private let order: [Int]

    /// The number of values that come out, N/2 + 1.
    public var bins: Int { length / 2 + 1 }

    /// - Parameter length: a power of two, at least 2.
    public init(length: Int) {
        precondition(
            length >= 2 && length & (length - 1) == 0, "a transform of \(length) values; a power of two is needed")
        self.length = length
        let half = length / 2
        // Angles in Double: a Float turned a few thousand times is off in the fourth digit.
        let angles = (0..<half).map { 2 * Double.pi * Double($0) / Double(length) }
        cosines = angles.map { Float(cos($0)) }
        sines = angles.map { Float(sin($0)) }
        let bits = half.trailingZeroBitCount
        order = (0..<half).map { number in
            (0..<bits).reduce(0) { $0 << 1 | (number >> $1 & 1) }
        }
    }

    /// Transforms `x` `[N]` into `real` and `imaginary`, `[N/2 + 1]` each; allocates nothing.
    public func transform(
        _ x: UnsafeBufferPointer<Float>, real: UnsafeMutableBufferPointer<Float>,
        imaginary: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(x.count == length && real.count == bins && imaginary.count == bins)
        for (place, pair) in order.enumerated() {
            real[place] = x[2 * pair]
            imaginary[place] = x[2 * pair + 1]
        }
        transformPairs(real, imaginary)
        separate(real, imaginary)
    }

    /// The complex transform of N/2 values, whose order has been turned round.
    private func transformPairs(
        _ real: UnsafeMutableBufferPointer<Float>, _ imaginary: UnsafeMutableBufferPointer<Float>
    ) {
        let half = length / 2
        var span = 1
        while span < half {
            // The angle of one step here is N/(2 span) of those in the table.
            let step = half / span
            for first in stride(from: 0, to: half, by: 2 * span) {
                for offset in 0..<span {
                    let (c, s) = (cosines[offset * step], sines[offset * step])
                    let (low, high) = (first + offset, first + offset + span)
                    let re = real[high] * c + imaginary[high] * s
                    let im = imaginary[high] * c - real[high] * s
                    real[high] = real[low] - re
                    imaginary[high] = imaginary[low] - im
                    real[low] += re
                    imaginary[low] += im
                }
            }
            span *= 2
        }
    }

    /// Makes the transform of N real values out of that of N/2 pairs Z: with the even part `E = (Z_k + conj Z_(M-k))/2` and
    /// the odd one `O = (Z_k - conj Z_(M-k))/2i`, `X_k = E + e^(-2πik/N) O` and `X_(M-k) = conj(E - e^(-2πik/N) O)`.
    private func separate(_ real: UnsafeMutableBufferPointer<Float>, _ imaginary: UnsafeMutableBufferPointer<Float>) {
        let half = length / 2
        let (first, second) = (real[0], imaginary[0])
        real[0] = first + second
        imaginary[0] = 0
        real[half] = first - second
        imaginary[half] = 0
        guard half >= 2 else { return }
        for k in 1...half / 2 {
            let mirror = half - k
            let evenRe = (real[k] + real[mirror]) / 2
            let evenIm = (imaginary[k] - imaginary[mirror]) / 2
            let oddRe = (imaginary[k] + imaginary[mirror]) / 2
            let oddIm = (real[mirror] - real[k]) / 2
            let (c, s) = (cosines[k], sines[k])
            let turnedRe = oddRe * c + oddIm * s
            let turnedIm = oddIm * c - oddRe * s
            real[k] = evenRe + turnedRe
            imaginary[k] = evenIm + turnedIm
            real[mirror] = evenRe - turnedRe
            imaginary[mirror] = turnedIm - evenIm
        }
    }
}
