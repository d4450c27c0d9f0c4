// SPDX-License-Identifier: Apache-2.0

/// Whether a cohort, or a device, may start from a model that others have learned: an architecture and weights mean
/// nothing to windows of another shape, and mislead on other quantities.
public enum ModelTransfer {
    /// What the answer is.
    public enum Verdict: Sendable, Hashable, CustomStringConvertible {
        /// The signals are the same.
        case allowed
        /// The windows have the same shape, but something else is meant by them: only if somebody says that it is.
        case doubtful(String)
        /// The weights can not be used.
        case refused(String)

        public var description: String {
            switch self {
            case .allowed: "the signals are the same"
            case .doubtful(let reason), .refused(let reason): reason
            }
        }
    }

    /// Intervals may differ by this factor: the same wave then looks nearly the same in a window.
    static let intervalFactor = 1.5

    /// Holds the contract of the one who wants a model against that of those who have one.
    public static func verdict(from source: SignalContract, to target: SignalContract) -> Verdict {
        guard source.windowLength == target.windowLength else {
            return .refused("its windows have \(source.windowLength) samples; \(target.windowLength) are needed")
        }
        guard source.channels.count == target.channels.count else {
            return .refused("it has \(source.channels.count) channels; \(target.channels.count) are needed")
        }
        for (number, (left, right)) in zip(source.channels, target.channels).enumerated() where !isSame(left, right) {
            return .doubtful(
                "channel \(number + 1) is \(text(left)) there and \(text(right)) here; the order of channels counts")
        }
        let (slow, fast) = (
            Double(max(source.intervalMilliseconds, target.intervalMilliseconds)),
            Double(max(1, min(source.intervalMilliseconds, target.intervalMilliseconds)))
        )
        guard slow / fast <= intervalFactor else {
            return .doubtful(
                "it was sampled every \(source.intervalMilliseconds) ms, this is every "
                    + "\(target.intervalMilliseconds) ms: movements look faster or slower than it has learned")
        }
        return .allowed
    }

    /// A recording need not say a unit.
    private static func isSame(_ left: Channel, _ right: Channel) -> Bool {
        left.name == right.name && (left.unit == right.unit || left.unit.isEmpty || right.unit.isEmpty)
    }

    private static func text(_ channel: Channel) -> String {
        channel.unit.isEmpty ? "\"\(channel.name)\"" : "\"\(channel.name)\" in \(channel.unit)"
    }
}
