// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// What detectors see of a window: its values as they are, or features of them, standardized once more.
struct WindowView: Sendable {
    private var features: WindowFeatures?
    private var standardizer: RowStandardizer?
    private var row: [Float] = []

    /// - Parameter features: none shows the values as they are.
    init(_ features: [WindowFeature], length: Int, channels: Int) {
        if !features.isEmpty { self.features = WindowFeatures(features, length: length, channels: channels) }
    }

    /// The numbers that detectors see of a window of so many values.
    func width(of values: Int) -> Int { features?.width ?? values }

    /// Samples of a window as detectors see it: features have no order of time.
    func length(of samples: Int) -> Int { features == nil ? samples : 1 }

    /// Learns the features' scales from windows as ``values(of:)`` has given them, and standardizes those.
    mutating func fit(_ windows: Matrix, floor: Double, limit: Float) -> Matrix {
        guard features != nil, windows.rows > 0 else { return windows }
        var fitted = RowStandardizer(
            fitting: (0..<windows.rows).map { Array(windows.row($0)) }, floor: floor, limit: limit)
        row = [Float](repeating: 0, count: windows.columns)
        var standardized = Matrix(rows: 0, columns: windows.columns)
        for number in 0..<windows.rows {
            fitted.write(Array(windows.row(number)), to: &row)
            standardized.appendRow(row)
        }
        standardizer = fitted
        return standardized
    }

    /// What detectors see of a window, `[length, channels]` or `[features, channels]`.
    mutating func values(of window: [Float]) -> [Float] {
        guard let values = features?.values(of: window) else { return window }
        guard standardizer != nil else { return values }
        standardizer?.write(values, to: &row)
        return row
    }
}
