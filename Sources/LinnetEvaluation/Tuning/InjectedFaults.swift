// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNumerics

/// A normal recording with faults drawn over stretches of it, so that detectors can be told apart where nobody has labels.
///
/// Faults are faint on purpose: what every detector finds says nothing about any.
public struct InjectedFaults: Sendable {
    /// The recording with its faults.
    public private(set) var samples: [Sample]
    /// Whether a sample has a fault, `[samples]`.
    public private(set) var labels: [Bool]

    /// Sizes of faults, as shares of ``SyntheticFault``'s own ten scales.
    static let sizes: [Float] = [0.15, 0.3, 0.6]
    /// Most faults, and the rows of one.
    static let maximumFaults = 24
    static let rows = 10...60

    /// - Parameters:
    ///   - normal: nothing here may have been learned from.
    ///   - center, scale: what is normal of each channel, `[channels]`.
    ///   - seed: decides channels, sizes and signs.
    public init(over normal: [Sample], center: [Float], scale: [Float], seed: UInt64) {
        samples = normal
        labels = [Bool](repeating: false, count: normal.count)
        var generator = SeededGenerator(seed: seed)
        let length = min(max(normal.count / 60, Self.rows.lowerBound), Self.rows.upperBound)
        // Twice as many calm rows as faulty ones, so that alarms have room to end.
        let count = min(Self.maximumFaults, normal.count / (3 * length))
        let kinds = SyntheticFault.allCases
        for number in 0..<max(0, count) {
            let first = normal.count * number / count + length
            let channel = Int(generator.uniform() * Double(center.count))
            let size = Self.sizes[number / kinds.count % Self.sizes.count]
            draw(
                kinds[number % kinds.count], over: first..<first + length, channel: channel, center: center[channel],
                scale: scale[channel] * size, &generator)
        }
    }

    private mutating func draw(
        _ fault: SyntheticFault, over rows: Range<Int>, channel: Int, center: Float, scale: Float,
        _ generator: inout SeededGenerator
    ) {
        let values = samples[rows].flatMap { [$0.values[channel].isFinite ? $0.values[channel] : center] }
        guard
            let window = SampleWindow(
                start: samples[rows.lowerBound].time, end: samples[rows.upperBound - 1].time, length: rows.count,
                channelCount: 1, values: values)
        else { return }
        // A dropout does not show in a channel that is near 0 anyway; an offset does.
        let drawn =
            fault.drawn(over: window, channel: 0, center: center, scale: scale, using: &generator)
            ?? SyntheticFault.drift.drawn(over: window, channel: 0, center: center, scale: scale, using: &generator)
        guard let drawn else { return }
        for (row, value) in zip(rows, drawn.values) {
            samples[row].values[channel] = value
            labels[row] = true
        }
    }
}
