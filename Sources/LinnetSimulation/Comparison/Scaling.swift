// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// What stands for normal on a machine, and what for one unit, a channel.
struct Scaling: Sendable {
    let center: [Float]
    let scale: [Float]

    /// Standardized values are held to this: one wild channel must not outshout all others.
    static let limit: Float = 10

    init(_ moments: [ChannelMoments]) {
        let scaler = ChannelScaler(
            means: moments.map(\.mean), standardDeviations: moments.map(\.standardDeviation))
        (center, scale) = (scaler.center, scaler.scale)
    }

    /// The moments of every channel.
    static func moments(of rows: Matrix) -> [ChannelMoments] {
        var moments = [ChannelMoments](repeating: ChannelMoments(), count: rows.columns)
        rows.withUnsafeBufferPointer { values in
            for (position, value) in values.enumerated() { moments[position % rows.columns].add(Double(value)) }
        }
        return moments
    }

    /// Whether machines run at so much the same levels that one scaling does for all: the variance of a channel's level from
    /// machine to machine is less than half of the variance within a machine, for most channels (the ratio that an analysis
    /// of variance looks at, Fisher 1925).
    static func isShareable(_ machines: [[ChannelMoments]]) -> Bool {
        let channels = machines.first?.indices ?? 0..<0
        var ratios = channels.compactMap { channel -> Double? in
            let moments = machines.map { $0[channel] }
            let within = moments.reduce(0) { $0 + $1.standardDeviation * $1.standardDeviation }
            let level = moments.reduce(0) { $0 + $1.mean } / Double(moments.count)
            let between = moments.reduce(0) { $0 + ($1.mean - level) * ($1.mean - level) }
            guard within > 0, moments.count > 1 else { return nil }
            return between / Double(moments.count - 1) / (within / Double(moments.count))
        }
        return !ratios.isEmpty && ratios.takeMedian() < 0.5
    }

    /// Rows as a network reads them, `[rows, channels]`.
    func standardize(_ rows: Matrix) -> Matrix {
        var values = rows.withUnsafeBufferPointer { Array($0) }
        for position in values.indices {
            let channel = position % rows.columns
            let value = (values[position] - center[channel]) / scale[channel]
            values[position] = min(max(value, -Self.limit), Self.limit)
        }
        return Matrix(rows: rows.rows, columns: rows.columns, values: values)
    }
}
