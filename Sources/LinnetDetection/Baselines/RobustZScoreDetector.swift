// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// The mean squared robust z-score of a window's values: distance from the median in units of the spread that half of the
/// normal values stay within, so that a few odd normal windows move neither (Iglewicz and Hoaglin 1993).
public struct RobustZScoreDetector: BaselineDetector {
    /// `[D]`.
    private let center: [Float]
    /// `[D]`, all above 0.
    private let scale: [Float]

    /// Makes the median absolute deviation of a normal distribution its standard deviation.
    static let deviationFactor = 1.4826
    /// The same for the mean absolute deviation, which stands in where more than half of the values are equal.
    static let meanFactor = 1.2533
    /// In standardized values: what a value that never moved may move by.
    static let floor = 0.05

    /// - Parameter windows: `[windows, D]`, at least 1, all finite.
    public init(fitting windows: Matrix) {
        var center: [Float] = []
        var scale: [Float] = []
        for column in 0..<windows.columns {
            var values = (0..<windows.rows).map { Double(windows[$0, column]) }
            let median = values.takeMedian()
            var deviations = values.map { abs($0 - median) }
            let mean = deviations.reduce(0, +) / Double(max(1, deviations.count))
            let middle = deviations.takeMedian()
            center.append(Float(median))
            scale.append(Float(max(middle > 0 ? Self.deviationFactor * middle : Self.meanFactor * mean, Self.floor)))
        }
        self.center = center
        self.scale = scale
    }

    public var valueCount: Int { center.count + scale.count }

    public func score(_ window: [Float]) -> Double {
        precondition(window.count == center.count, "windows of \(center.count) values, got \(window.count)")
        var sum = 0.0
        for i in window.indices {
            let z = Double((window[i] - center[i]) / scale[i])
            sum += z * z
        }
        let score = sum / Double(max(1, window.count))
        return score.isFinite ? score : .greatestFiniteMagnitude
    }
}
