// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetNumerics
import Testing

@Suite("The Fourier transform of real values")
struct RealFFTTests {
    private func transform(_ x: [Float]) -> [(real: Float, imaginary: Float)] {
        let fft = RealFFT(length: x.count)
        var real = [Float](repeating: 0, count: fft.bins)
        var imaginary = real
        x.withUnsafeBufferPointer { x in
            real.withUnsafeMutableBufferPointer { real in
                imaginary.withUnsafeMutableBufferPointer { fft.transform(x, real: real, imaginary: $0) }
            }
        }
        return Array(zip(real, imaginary))
    }

    @Test("it equals the sum it is defined as", arguments: [2, 4, 8, 16, 64, 256, 1024])
    func reference(length: Int) {
        var generator = SeededGenerator(seed: UInt64(length))
        let x = (0..<length).map { _ in Float(generator.gaussian()) }
        // Errors grow with the logarithm of the length; 1e-6 a step is far above what Float needs.
        let tolerance = 1e-5 * Double(length).squareRoot()
        let found = transform(x)
        let expected = Reference.fourierTransform(x)
        #expect(found.count == length / 2 + 1)
        for (bin, (found, expected)) in zip(found, expected).enumerated() {
            #expect(abs(Double(found.real) - expected.real) < tolerance, "real part \(bin)")
            #expect(abs(Double(found.imaginary) - expected.imaginary) < tolerance, "imaginary part \(bin)")
        }
    }

    @Test("a sine has all its power in one bin")
    func sine() throws {
        let length = 128
        let found = transform((0..<length).map { Float(sin(2 * Double.pi * 5 * Double($0) / Double(length))) })
        let powers = found.map { $0.real * $0.real + $0.imaginary * $0.imaginary }
        #expect(abs(powers[5] - Float(length * length) / 4) < 1)
        let others = powers.enumerated().filter { $0.offset != 5 }.map(\.element)
        #expect(try #require(others.max()) < 1e-6)
    }

    @Test("power is the same in time and in frequency (Parseval)")
    func parseval() {
        var generator = SeededGenerator(seed: 3)
        let x = (0..<32).map { _ in Float(generator.gaussian()) }
        let powers = transform(x).map { Double($0.real * $0.real + $0.imaginary * $0.imaginary) }
        let sum = powers[0] + powers[16] + 2 * powers[1..<16].reduce(0, +)
        #expect(abs(sum / 32 - x.reduce(0) { $0 + Double($1 * $1) }) < 1e-4)
    }
}
