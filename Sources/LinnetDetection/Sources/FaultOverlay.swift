// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDomain

/// Lays faults of sensors over any source, sized by the spread that the channel itself has shown.
public struct FaultOverlay<Base: DataSource>: DataSource {
    private var base: Base
    private let faults: [(fault: Fault, channel: Int)]
    private var moments: [ChannelMoments]
    /// The value at which a stuck sensor stands, by the fault's position in the list.
    private var stuckAt: [Int: Float] = [:]

    /// Values after which a spread is good enough to size a fault by.
    static var settlingSamples: Int { 50 }
    /// Size of a fault of severity 1, in standard deviations of its channel.
    static var deviations: Double { 20 }

    /// - Throws: ``DetectionError/fault(_:)`` for a fault of the machine, or of a channel the source does not have.
    public init(_ base: Base, faults: [Fault]) throws(DetectionError) {
        var placed: [(Fault, Int)] = []
        for fault in faults {
            guard !fault.kind.isPhysical else {
                throw .fault("\(fault.kind.rawValue) is a fault of the machine; only a simulated one can have it")
            }
            let name = fault.channel ?? base.channels.first?.name ?? ""
            guard let channel = base.channels.firstIndex(where: { $0.name == name }) else {
                let known = base.channels.prefix(20).map(\.name).joined(separator: ", ")
                throw .fault("there is no channel \"\(name)\"; there are \(known)")
            }
            placed.append((fault, channel))
        }
        self.base = base
        self.faults = placed
        moments = base.channels.map { _ in ChannelMoments() }
    }

    public var channels: [Channel] { base.channels }
    public var intervalMilliseconds: Int { base.intervalMilliseconds }

    public mutating func next() async throws -> Sample? {
        guard var sample = try await base.next() else { return nil }
        // The truth, even under a fault: a source that was started again in the middle of one has nothing else to learn
        // the spread from.
        for (channel, value) in zip(moments.indices, sample.values) { moments[channel].add(Double(value)) }
        for (number, placed) in faults.enumerated() where placed.channel < sample.values.count {
            let intensity = placed.fault.intensity(at: sample.time) * placed.fault.severity
            guard intensity > 0 else {
                stuckAt[number] = nil
                continue
            }
            guard sample.values[placed.channel].isFinite else { continue }
            sample.values[placed.channel] = faulty(
                sample.values[placed.channel], placed.fault, channel: placed.channel, number: number,
                intensity: intensity, time: sample.time)
        }
        return sample
    }

    private mutating func faulty(
        _ value: Float, _ fault: Fault, channel: Int, number: Int, intensity: Double, time: Timestamp
    ) -> Float {
        let seen = moments[channel]
        let deviation = seen.count >= Self.settlingSamples ? seen.standardDeviation : 0
        // A channel that has not moved yet still has to show its fault.
        let size = max(deviation * Self.deviations, Double(abs(value)) * 0.05, 1e-6)
        switch fault.kind {
        case .drift: return value + Float(size * intensity)
        case .spike:
            // Every other quarter of a second or of five samples, whichever is longer.
            let period = Int64(max(250, 5 * intervalMilliseconds))
            let isHigh = (time.milliseconds(since: fault.startsAt) / period).isMultiple(of: 2)
            return isHigh ? value + Float(size * 1.5 * fault.severity) : value
        case .stuck:
            let stuck = stuckAt[number] ?? value + Float(size)
            stuckAt[number] = stuck
            return stuck
        case .dropout: return Double(abs(value)) > size * 0.3 ? 0 : value - Float(size)
        case .bearingWear, .cavitation, .imbalance: return value
        }
    }
}
