// SPDX-License-Identifier: Apache-2.0

/// How bad an alarm is: from how far its scores go beyond the threshold, and for how long.
///
/// Scores are orders of magnitude of a probability, so twice the threshold is far: a threshold of 4 stands for one normal
/// window in 10,000, a score of 8 for one in a hundred million.
public enum AlarmSeverity: String, Hashable, Sendable, Codable, CaseIterable, Comparable {
    /// Odd: worth a look.
    case notice
    /// Far beyond normal, or odd for a good while.
    case warning
    /// Farther than any normal window can go, or far for long.
    case critical

    /// Ratios of the highest score to the threshold from which an alarm is a warning, or critical.
    public static let farRatio = 2.0
    public static let extremeRatio = 10.0
    /// After which a notice has become a warning, and a warning critical, in milliseconds.
    public static let longMilliseconds: Int64 = 600_000

    /// - Parameters:
    ///   - ratio: the highest score, in thresholds.
    ///   - milliseconds: how long the alarm has gone on.
    public init(ratio: Double, milliseconds: Int64) {
        let steps =
            (ratio < Self.farRatio ? 0 : ratio < Self.extremeRatio ? 1 : 2)
            + (milliseconds < Self.longMilliseconds ? 0 : 1)
        self = steps == 0 ? .notice : steps == 1 ? .warning : .critical
    }

    public static func < (left: AlarmSeverity, right: AlarmSeverity) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .notice: 0
        case .warning: 1
        case .critical: 2
        }
    }
}
