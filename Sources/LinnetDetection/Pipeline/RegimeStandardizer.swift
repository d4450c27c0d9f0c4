// SPDX-License-Identifier: Apache-2.0

/// Standardizes each sample by what is normal in its operating state: an idling pump is no pump that fails.
///
/// A state that was not seen in training, or too rarely, falls back on what is normal over all states. The channel that
/// tells the state says nothing else: it always reads 0.
public struct RegimeStandardizer: Sendable, Equatable {
    /// The channel whose whole number is the state; `nil` knows one state alone.
    public let channel: Int?
    /// The state of the newest sample; `nil` if its own normal is not known.
    public private(set) var regime: Int?

    private var all: RowStandardizer
    private let regimes: [Int: RowStandardizer]
    private var last: [Float]

    /// Fewest samples that a state of its own is learned from.
    public static let minimumSamples = 60
    /// Most states: a channel with more is a measurement.
    public static let maximumRegimes = 32

    /// Takes level and spread from normal samples, over all of them and state by state.
    ///
    /// - Parameters:
    ///   - rows: sample after sample, `[samples, channels]`.
    ///   - channel: that tells the state; out of range it is none.
    ///   - floor, limit: as in ``RowStandardizer``.
    public init(fitting rows: [[Float]], channel: Int?, floor: Double, limit: Float) {
        all = RowStandardizer(fitting: rows, floor: floor, limit: limit)
        last = all.center
        guard let channel, last.indices.contains(channel) else {
            self.channel = nil
            regimes = [:]
            return
        }
        self.channel = channel
        var members: [Int: [[Float]]] = [:]
        for row in rows {
            guard let state = Self.state(row[channel]) else { continue }
            members[state, default: []].append(row)
        }
        let known = members.filter { $0.value.count >= Self.minimumSamples }
        regimes =
            known.count > Self.maximumRegimes
            ? [:] : known.mapValues { RowStandardizer(fitting: $0, floor: floor, limit: limit) }
    }

    /// What stands for normal over all states, `[channels]`.
    public var center: [Float] { all.center }

    /// The states whose normal is known, in order.
    public var knownRegimes: [Int] { regimes.keys.sorted() }

    /// Writes the next sample, standardized by its state, to `target`, `[channels]`.
    public mutating func write(_ row: [Float], to target: inout [Float]) {
        guard let channel else { return all.write(row, to: &target) }
        for number in row.indices where row[number].isFinite { last[number] = row[number] }
        regime = Self.state(last[channel]).flatMap { regimes[$0] == nil ? nil : $0 }
        // All values are there, so a state's standardizer never needs a past of its own.
        if let regime, var own = regimes[regime] { own.write(last, to: &target) } else { all.write(last, to: &target) }
        target[channel] = 0
    }

    /// Forgets the last values: what comes next is another recording.
    public mutating func restart() {
        all.restart()
        last = all.center
        regime = nil
    }

    /// The state that a reading stands for: the nearest whole number.
    private static func state(_ reading: Float) -> Int? {
        reading.isFinite && reading.magnitude < 1e6 ? Int(reading.rounded()) : nil
    }
}
