// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetNumerics

/// Sums a window up in a few numbers a channel, so that a model of vibration need not learn phases.
///
///     var features = WindowFeatures([.spread, .spectralBands], length: 64, channels: 3)
///     let values = features.values(of: window)            // [features, channels]
public struct WindowFeatures: Sendable {
    public let features: [WindowFeature]
    public let length: Int
    public let channels: Int
    /// Bands of the spectrum, from the highest octave down.
    public static let bandCount = 4
    /// Numbers that a window is summed up in.
    public var width: Int { features.reduce(0) { $0 + $1.width } * channels }

    /// Added to a power before its logarithm: a ten-thousandth of a scale is silence.
    static let silence = 1e-8

    private let fft: RealFFT
    /// Hann's window, which keeps a strong tone from leaking into all bands; less rows where the window is no power of two.
    private let taper: [Float]
    private var tapered: [Float]
    private var real: [Float]
    private var imaginary: [Float]

    /// - Parameters:
    ///   - length: samples of a window, at least 1; of the spectrum, the newest that make a power of two, at least 2.
    ///   - channels: values of a sample.
    public init(_ features: [WindowFeature], length: Int, channels: Int) {
        precondition(length >= 1 && channels >= 1, "windows of \(length) samples of \(channels) values")
        self.features = features
        self.length = length
        self.channels = channels
        var size = 2
        while size * 2 <= length { size *= 2 }
        fft = RealFFT(length: size)
        taper = (0..<size).map { Float(0.5 - 0.5 * cos(2 * Double.pi * (Double($0) + 0.5) / Double(size))) }
        tapered = [Float](repeating: 0, count: size)
        real = [Float](repeating: 0, count: fft.bins)
        imaginary = real
    }

    /// The features of a window, `[features, channels]`; all finite if the window is.
    ///
    /// - Parameter window: oldest sample first, `[length, channels]`.
    public mutating func values(of window: [Float]) -> [Float] {
        precondition(window.count == length * channels, "windows of \(length * channels) values, got \(window.count)")
        var values = [Float](repeating: 0, count: width)
        for channel in 0..<channels {
            let moments = Moments(window, channel: channel, channels: channels)
            var place = channel
            for feature in features {
                switch feature {
                case .mean: values[place] = Float(moments.mean)
                case .spread: values[place] = Float(moments.spread)
                case .slope: values[place] = Float(moments.slope)
                case .kurtosis: values[place] = Float(moments.kurtosis)
                case .crestFactor: values[place] = Float(moments.crestFactor)
                case .spectralBands:
                    for (band, power) in bands(of: window, channel: channel, mean: Float(moments.mean)).enumerated() {
                        values[place + band * channels] = Float(log10(power + Self.silence))
                    }
                }
                place += feature.width * channels
            }
        }
        return values
    }

    /// The power in each octave, the lowest first; that one holds all below it, but not the mean.
    private mutating func bands(of window: [Float], channel: Int, mean: Float) -> [Double] {
        let size = taper.count
        let first = max(0, length - size)
        for position in 0..<size {
            let row = min(length - 1, first + position)
            tapered[position] = (window[row * channels + channel] - mean) * taper[position]
        }
        tapered.withUnsafeBufferPointer { x in
            real.withUnsafeMutableBufferPointer { real in
                imaginary.withUnsafeMutableBufferPointer { fft.transform(x, real: real, imaginary: $0) }
            }
        }
        var powers = [Double](repeating: 0, count: Self.bandCount)
        for bin in 1..<fft.bins {
            // Octaves down from the highest bin: the upper half is octave 0.
            var octave = 0
            while octave < Self.bandCount - 1, bin << (octave + 1) < fft.bins { octave += 1 }
            let power = Double(real[bin]) * Double(real[bin]) + Double(imaginary[bin]) * Double(imaginary[bin])
            powers[Self.bandCount - 1 - octave] += power / Double(size * size)
        }
        return powers
    }
}

/// Moments of one channel of a window, in two passes: one would lose the spread of what is far from 0.
private struct Moments {
    let mean: Double
    let spread: Double
    let slope: Double
    let kurtosis: Double
    let crestFactor: Double

    init(_ window: [Float], channel: Int, channels: Int) {
        let length = window.count / channels
        var sum = 0.0
        for row in 0..<length { sum += Double(window[row * channels + channel]) }
        let mean = sum / Double(length)
        let middle = Double(length - 1) / 2
        var (second, fourth, covariance, largest) = (0.0, 0.0, 0.0, 0.0)
        for row in 0..<length {
            let value = Double(window[row * channels + channel]) - mean
            second += value * value
            fourth += value * value * value * value
            covariance += value * (Double(row) - middle)
            largest = max(largest, abs(value))
        }
        let variance = second / Double(length)
        self.mean = mean
        spread = variance.squareRoot()
        // Σ (row - middle)² is length (length² - 1) / 12.
        let rows = Double(length) * (Double(length) * Double(length) - 1) / 12
        slope = rows > 0 ? covariance / rows * Double(length - 1) : 0
        // Of a window that stands still, rounding noise would decide: it has neither shocks nor tails.
        let moves = variance > 1e-12
        kurtosis = moves ? fourth / Double(length) / (variance * variance) - 3 : 0
        crestFactor = moves ? largest / spread : 0
    }
}
