// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNumerics

/// Which faults are injected when: computed before anything runs, from a seed, so that it can be printed and repeated.
///
/// No device has two faults at once; between two of them it is left alone long enough for its alarm to clear.
package struct FaultSchedule: Sendable, Equatable {
    /// A device that faults can be laid into, and what can go wrong with it.
    package struct Target: Sendable {
        package var agent: AgentID
        package var device: DeviceID
        /// Kinds with the channels they may concern; an empty list stands for the machine as a whole.
        package var kinds: [(kind: FaultKind, channels: [String])]

        package init(agent: AgentID, device: DeviceID, kinds: [(kind: FaultKind, channels: [String])]) {
            self.agent = agent
            self.device = device
            self.kinds = kinds
        }
    }

    /// When faults may happen, in seconds from the start.
    package struct Timing: Sendable, Equatable {
        /// Not before the fleet has its first federated model.
        package var firstStart: Double
        /// Late enough for each to be found, and no later.
        package var lastEnd: Double
        package var duration: ClosedRange<Double> = 7...10
        /// Calm on one device between two faults.
        package var calm: ClosedRange<Double> = 14...22

        /// The timing of a run that lasts `seconds`.
        package static func run(of seconds: Double) -> Timing {
            // A short run has room for short faults only.
            Timing(
                firstStart: min(max(0.5 * seconds, 36), 60), lastEnd: seconds - FaultSchedule.quietEndSeconds,
                duration: seconds < 90 ? 6...7 : 7...10)
        }

        /// The timing of a run until Ctrl-C: a fault now and then, as far ahead as one configuration file reaches.
        package static let endless = Timing(firstStart: 54, lastEnd: 2 * 3600, calm: 25...60)
    }

    /// Time left after the last fault to find it and report it.
    package static let quietEndSeconds: Double = 15

    /// In order of their start.
    package let faults: [InjectedFault]

    /// Draws a schedule in which every target has at least one fault.
    ///
    /// - Returns: `nil` if the timing has no room for one fault a target.
    package static func draw(targets: [Target], timing: Timing, seed: UInt64) -> FaultSchedule? {
        var generator = SeededGenerator(seed: seed)
        var faults: [InjectedFault] = []
        for (position, target) in targets.enumerated() {
            // A turn for each device: faults that start together would make the picture hard to read.
            let room = timing.lastEnd - timing.firstStart - timing.duration.upperBound
            guard room >= 0, !target.kinds.isEmpty else { return nil }
            let stagger = min(6, room / Double(targets.count))
            var start = timing.firstStart + stagger * Double(position) + generator.uniform() * stagger / 2
            var turn = generator.index(below: target.kinds.count)
            while true {
                let duration = generator.between(timing.duration)
                guard start + duration <= timing.lastEnd else { break }
                let (kind, channels) = target.kinds[turn % target.kinds.count]
                faults.append(
                    InjectedFault(
                        agent: target.agent, device: target.device, kind: kind,
                        channel: channels.isEmpty ? nil : channels[generator.index(below: channels.count)],
                        startSeconds: start.roundedToTenth, durationSeconds: duration.roundedToTenth, severity: 1))
                turn += 1
                start += duration + generator.between(timing.calm)
            }
        }
        return FaultSchedule(
            faults: faults.sorted { ($0.startSeconds, $0.device) < ($1.startSeconds, $1.device) })
    }

    /// Faults that were over, with time left to find them, `seconds` after the start.
    package func completed(at seconds: Double) -> [InjectedFault] {
        faults.filter { $0.endSeconds + Self.quietEndSeconds <= seconds }
    }

    /// The fault of a device that a span of time shows, the earliest if there are two.
    func fault(of device: DeviceID, seenBy span: ClosedRange<Double>) -> InjectedFault? {
        faults.first { $0.device == device && FaultMatch.isSeen($0, by: span) }
    }
}

extension SeededGenerator {
    /// A whole number from 0 to `count` - 1; the same for a seed in every version of Swift.
    fileprivate mutating func index(below count: Int) -> Int { min(count - 1, Int(uniform() * Double(count))) }

    fileprivate mutating func between(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + uniform() * (range.upperBound - range.lowerBound)
    }
}

extension Double {
    fileprivate var roundedToTenth: Double { (self * 10).rounded() / 10 }
}
