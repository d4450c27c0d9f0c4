// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// The linear detector that every device runs beside its model: T² and Q of the principal components of its own windows.
///
/// On most public recordings it is at or near the top, it needs no training that could fail, and it has learned from nobody
/// else: an update that spoils the cohort's model does not blind it.
public struct LinearReference: Sendable, Hashable, Codable {
    private let components: PrincipalComponents
    /// Successive samples that are averaged into one, so that wide windows stay affordable.
    let pool: Int
    private let length: Int
    private let channelCount: Int

    /// Most values of a pooled window: a fit takes their cube, in time.
    public static let maximumWidth = 512
    /// Most components: a device keeps them with every model.
    public static let maximumComponents = 32
    static let variance = 0.9
    /// Fewest windows to fit on for each value of a pooled window. With fewer, the directions that no window happens to vary
    /// in are taken for ones in which none may.
    static let windowsPerValue = 0.5

    /// Fits it to a device's own windows.
    ///
    /// - Parameters:
    ///   - windows: normal, standardized, `[windows, length * channels]`.
    ///   - length: samples of a window.
    /// - Returns: `nil` where it would say nothing: more channels than ``maximumWidth``, or too few windows.
    /// - Throws: ``DetectionError`` if the windows are not finite.
    public init?(fitting windows: Matrix, length: Int) throws(DetectionError) {
        guard length > 0, windows.columns > 0, windows.columns.isMultiple(of: length) else { return nil }
        channelCount = windows.columns / length
        self.length = length
        guard channelCount <= Self.maximumWidth else { return nil }
        var pool = 1
        while Self.blocks(length, pool) * channelCount > Self.maximumWidth { pool += 1 }
        // Few windows make do with a coarser look at each.
        while Double(windows.rows) < Self.windowsPerValue * Double(Self.blocks(length, pool) * channelCount) {
            guard pool < length else { return nil }
            pool += 1
        }
        self.pool = pool
        let width = Self.blocks(length, pool) * channelCount
        var values = [Float](repeating: 0, count: windows.rows * width)
        windows.withUnsafeBufferPointer { x in
            values.withUnsafeMutableBufferPointer { y in
                for row in 0..<windows.rows {
                    Self.pool(
                        UnsafeBufferPointer(rebasing: x[row * windows.columns..<(row + 1) * windows.columns]), by: pool,
                        channels: windows.columns / length,
                        into: UnsafeMutableBufferPointer(rebasing: y[row * width..<(row + 1) * width]))
                }
            }
        }
        components = try PrincipalComponents(
            fitting: Matrix(rows: windows.rows, columns: width, values: values), variance: Self.variance,
            atMost: Self.maximumComponents)
    }

    /// Whether it is for windows of this shape.
    func fits(length: Int, channels: Int) -> Bool {
        self.length == length && channelCount == channels && components.isValid && pool >= 1
            && components.width == Self.blocks(length, pool) * channelCount
    }

    private static func blocks(_ length: Int, _ pool: Int) -> Int { (length + pool - 1) / pool }

    /// Averages `pool` successive samples into one; the last block may have fewer.
    private static func pool(
        _ window: UnsafeBufferPointer<Float>, by pool: Int, channels: Int,
        into target: UnsafeMutableBufferPointer<Float>
    ) {
        let length = window.count / channels
        for block in 0..<blocks(length, pool) {
            let (first, end) = (block * pool, min(length, (block + 1) * pool))
            for channel in 0..<channels {
                var sum: Float = 0
                for sample in first..<end { sum += window[sample * channels + channel] }
                target[block * channels + channel] = sum / Float(end - first)
            }
        }
    }

    /// Scores windows on one thread with memory of its own, so that scoring allocates nothing.
    final class Scorer {
        private let reference: LinearReference
        private var pooled: [Float]
        private var scratch: PrincipalComponents.Scratch

        init(_ reference: LinearReference) {
            self.reference = reference
            pooled = [Float](
                repeating: 0, count: LinearReference.blocks(reference.length, reference.pool) * reference.channelCount)
            scratch = reference.components.makeScratch()
        }

        /// T² and Q, each in units of its mean on the fitted windows, added up; never NaN.
        ///
        /// - Parameter window: standardized, `[length * channels]`.
        func score(_ window: UnsafeBufferPointer<Float>) -> Double {
            let (t2, q) = distances(window)
            let score = t2 / Double(reference.components.count) + q / reference.components.residualVariance
            return score.isFinite ? score : .greatestFiniteMagnitude
        }

        private func distances(_ window: UnsafeBufferPointer<Float>) -> (t2: Double, q: Double) {
            precondition(window.count == reference.length * reference.channelCount)
            pooled.withUnsafeMutableBufferPointer {
                LinearReference.pool(window, by: reference.pool, channels: reference.channelCount, into: $0)
            }
            return pooled.withUnsafeBufferPointer { reference.components.distances($0, scratch: &scratch) }
        }

        /// What is odd about a window, value by value, and what was expected in its place, `[length * channels]`.
        ///
        /// A window that goes in unknown directions is judged by what its components do not explain. One that goes too far
        /// in known ones has little of that: it is judged by how far each value is from its own mean, 0.
        func explanation(_ window: UnsafeBufferPointer<Float>) -> (errors: [Float], expected: [Float]) {
            let (t2, q) = distances(window)
            let isKnown = t2 / Double(reference.components.count) > q / reference.components.residualVariance
            let likeness = isKnown ? [] : reference.components.reconstruction(scratch)
            var errors = [Float](repeating: 0, count: window.count)
            var expected = errors
            for position in 0..<window.count {
                let (sample, channel) = (position / reference.channelCount, position % reference.channelCount)
                let place = sample / reference.pool * reference.channelCount + channel
                expected[position] = isKnown ? 0 : likeness[place]
                let difference = pooled[place] - expected[position]
                errors[position] = difference * difference
            }
            return (errors, expected)
        }
    }
}
