// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDetection
import LinnetNumerics
import Testing

@Suite("Features of a window")
struct WindowFeatureTests {
    private func value(_ feature: WindowFeature, _ values: [Float]) -> Float {
        var features = WindowFeatures([feature], length: values.count, channels: 1)
        return features.values(of: values)[0]
    }

    /// The band of an octave with the most power, the highest being the last.
    private func loudest(_ values: [Float]) -> Int? {
        var features = WindowFeatures([.spectralBands], length: values.count, channels: 1)
        let bands = features.values(of: values)
        return bands.indices.max { bands[$0] < bands[$1] }
    }

    private func tone(cycles: Double, _ length: Int) -> [Float] {
        (0..<length).map { Float(sin(2 * Double.pi * cycles * Double($0) / Double(length))) }
    }

    @Test("moments are those of the definition")
    func moments() {
        let values: [Float] = [1, 2, 3, 4, 10]
        #expect(value(.mean, values) == 4)
        #expect(abs(value(.spread, values) - Float(10).squareRoot()) < 1e-6)
        // By hand: (81 + 16 + 1 + 0 + 1296) / 5 = 278.8, over the squared variance 100.
        #expect(abs(value(.kurtosis, values) - (278.8 / 100 - 3)) < 1e-5)
        #expect(abs(value(.crestFactor, values) - 6 / Float(10).squareRoot()) < 1e-6)
        // Least squares by hand: slope (-2·-3 - 1·-2 + 0 + 0 + 2·6) / 10 = 2 a sample, 8 over four steps.
        #expect(abs(value(.slope, values) - 8) < 1e-5)
    }

    @Test("a shock raises kurtosis and crest factor more than the spread")
    func shock() {
        var generator = SeededGenerator(seed: 1)
        let calm = (0..<64).map { _ in Float(generator.gaussian()) }
        var shocked = calm
        shocked[20] += 8
        #expect(value(.kurtosis, shocked) > value(.kurtosis, calm) + 3)
        #expect(value(.crestFactor, shocked) > 1.5 * value(.crestFactor, calm))
        #expect(value(.spread, shocked) < 2 * value(.spread, calm))
    }

    @Test("a tone is heard in its octave, whatever its phase", arguments: [(2.0, 0), (6.0, 1), (12.0, 2), (24.0, 3)])
    func octaves(cycles: Double, band: Int) {
        let tone = tone(cycles: cycles, 64)
        #expect(loudest(tone) == band)
        #expect(loudest(Array(tone[7...] + tone[..<7])) == band)
    }

    @Test(
        "windows that stand still, or are short, or no power of two, give finite features", arguments: [1, 2, 3, 5, 37])
    func edges(length: Int) {
        for level in [0, 1e6] as [Float] {
            var features = WindowFeatures(WindowFeature.allCases, length: length, channels: 2)
            let values = features.values(of: [Float](repeating: level, count: 2 * length))
            #expect(values.count == features.width && features.width == 2 * (5 + WindowFeatures.bandCount))
            let areFinite = values.allSatisfy(\.isFinite)
            #expect(areFinite)
        }
    }

    @Test("each channel's features are its own, feature by feature")
    func channels() {
        let (slow, fast) = (tone(cycles: 2, 32), tone(cycles: 14, 32))
        var both = WindowFeatures([.spread, .spectralBands], length: 32, channels: 2)
        var one = WindowFeatures([.spread, .spectralBands], length: 32, channels: 1)
        let values = both.values(of: zip(slow, fast).flatMap { [$0, $1] })
        let (first, second) = (one.values(of: slow), one.values(of: fast))
        #expect(values == zip(first, second).flatMap { [$0, $1] })
    }
}
