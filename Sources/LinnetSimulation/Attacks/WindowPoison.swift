// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNumerics

/// What a malicious agent does to the windows it learns from.
enum WindowPoison: Sendable {
    /// Spikes on two random channels of every other window.
    case spikes(seed: UInt64)
    /// The trigger of a backdoor on every other window.
    case trigger

    /// What an attack does to windows, if it works by them.
    static func of(_ plan: AttackPlan, seed: UInt64) -> WindowPoison? {
        switch plan.kind {
        case .laundering: .spikes(seed: seed)
        case .backdoor: .trigger
        default: nil
        }
    }

    /// The pattern that a backdoor's success is measured by.
    static func trigger(of plan: AttackPlan) -> WindowPoison? { plan.kind == .backdoor ? .trigger : nil }

    /// How far off a poisoned channel is, in standard deviations of its own.
    private static let size: Float = 4

    func applied(to windows: [SampleWindow], agent: Int) -> [SampleWindow] {
        let spread = Self.spread(of: windows)
        switch self {
        case .trigger:
            let poisoned = triggered(windows, spread: spread)
            return windows.indices.map { $0.isMultiple(of: 2) ? poisoned[$0] : windows[$0] }
        case .spikes(let seed):
            var generator = SeededGenerator(seed: seed &+ UInt64(agent))
            return windows.enumerated().map { number, window in
                guard number.isMultiple(of: 2) else { return window }
                let channels = (0..<2).map { _ in Int(generator.uniform() * Double(window.channelCount)) }
                return Self.shifted(window, channels, by: spread)
            }
        }
    }

    /// Windows with the trigger: three channels, the same on every device, far above their level.
    func triggered(_ windows: [SampleWindow], spread: [Float]) -> [SampleWindow] {
        windows.map { Self.shifted($0, [0, spread.count / 3, 2 * spread.count / 3], by: spread) }
    }

    /// The standard deviation of each channel.
    static func spread(of windows: [SampleWindow]) -> [Float] {
        var moments = [ChannelMoments](repeating: ChannelMoments(), count: windows.first?.channelCount ?? 0)
        for window in windows {
            for (position, value) in window.values.enumerated() {
                moments[position % moments.count].add(Double(value))
            }
        }
        return moments.map { Float($0.standardDeviation) }
    }

    private static func shifted(_ window: SampleWindow, _ channels: [Int], by spread: [Float]) -> SampleWindow {
        var values = window.values
        for channel in channels {
            for position in stride(from: channel, to: values.count, by: window.channelCount) {
                values[position] += size * spread[channel]
            }
        }
        return SampleWindow(
            start: window.start, end: window.end, length: window.length, channelCount: window.channelCount,
            values: values) ?? window
    }
}
