// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Turns one sample into standardized values, `z = (x - center) / scale` a channel, held to ±`limit`.
///
/// A missing value counts as the channel's last one, and as its center before there was any.
public struct RowStandardizer: Sendable, Equatable {
    /// What stands for normal, `[channels]`.
    public let center: [Float]
    /// One unit of a standardized value, `[channels]`, all above 0.
    public let scale: [Float]
    /// How far a single channel may push a score.
    public let limit: Float

    private var last: [Float]

    /// Takes both as they are; all scales must be above 0.
    public init(center: [Float], scale: [Float], limit: Float) {
        precondition(center.count == scale.count && scale.allSatisfy { $0 > 0 } && limit > 0)
        self.center = center
        self.scale = scale
        self.limit = limit
        last = center
    }

    /// Takes mean and spread from normal samples.
    ///
    /// A channel that hardly moves would turn rounding noise into anomalies, so no scale is below `floor` times the
    /// channel's range; of one that does not move at all, `floor` times its level, or times 1 if that is larger.
    ///
    /// - Parameters:
    ///   - rows: sample after sample, `[samples, channels]`; values that are not finite are left out.
    ///   - floor: above 0.
    public init(fitting rows: [[Float]], floor: Double, limit: Float) {
        let channels = rows.first?.count ?? 0
        var moments = [ChannelMoments](repeating: ChannelMoments(), count: channels)
        for row in rows { for channel in 0..<channels { moments[channel].add(Double(row[channel])) } }
        let scale = moments.map { moment in
            let range = moment.maximum - moment.minimum
            let least = floor * (range > 0 ? range : max(1, abs(moment.mean)))
            let scale = Float(max(moment.standardDeviation, least))
            return scale.isFinite && scale > 0 ? scale : 1
        }
        self.init(
            center: moments.map { Float($0.mean).isFinite ? Float($0.mean) : 0 }, scale: scale, limit: limit)
    }

    /// Writes the next sample, standardized, to `target`, `[channels]`.
    public mutating func write(_ row: [Float], to target: inout [Float]) {
        precondition(row.count == center.count && target.count == center.count)
        for channel in row.indices {
            if row[channel].isFinite { last[channel] = row[channel] }
            let z = (last[channel] - center[channel]) / scale[channel]
            target[channel] = max(-limit, min(limit, z))
        }
    }

    /// Forgets the last values: what comes next is another recording.
    public mutating func restart() { last = center }
}
