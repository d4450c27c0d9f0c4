// SPDX-License-Identifier: Apache-2.0

import LinnetDetection

/// Watches a model for its first windows after a switch, beside the one it replaced.
///
/// A model that finds nearly everything anomalous, where the one before finds hardly anything so, is not the machine's fault
/// but the model's. If both alarm it is a real fault, and the new model stays.
public struct Probation: Sendable, Equatable {
    /// Windows of the probation, and how many must have been seen before a verdict.
    public static let windows = 40
    public static let minimumWindows = 12
    /// Share of windows that the new model must find anomalous, and that the old one may, to condemn the new one.
    public static let alarmingShare = 0.9
    public static let quietShare = 0.1

    private var seen = 0
    private var anomalous = 0
    private var anomalousBefore = 0
    private var notFinite = 0

    public init() {}

    /// Whether the probation is over.
    public var isOver: Bool { seen >= Self.windows }

    /// What was counted, by name, as a rollout reports it.
    public var evidence: [String: Double] {
        [
            "probation.windows": Double(seen), "probation.anomalous": Double(anomalous),
            "probation.anomalousBefore": Double(anomalousBefore),
        ]
    }

    /// Takes in one window that both models have scored.
    ///
    /// - Returns: why the new model must go; `nil` while it may stay.
    public mutating func add(new: ScoredWindow, old: ScoredWindow) -> String? {
        guard !isOver else { return nil }
        seen += 1
        if new.isAnomalous { anomalous += 1 }
        if old.isAnomalous { anomalousBefore += 1 }
        if Self.isBroken(new.error), !Self.isBroken(old.error) { notFinite += 1 }
        if notFinite > 0 { return "its score is not finite where the previous model's is" }
        guard seen >= Self.minimumWindows else { return nil }
        let share = Double(anomalous) / Double(seen)
        let shareBefore = Double(anomalousBefore) / Double(seen)
        guard share >= Self.alarmingShare, shareBefore <= Self.quietShare else { return nil }
        return "it found \(anomalous) of \(seen) windows anomalous, the previous model \(anomalousBefore)"
    }

    private static func isBroken(_ error: Double) -> Bool { !error.isFinite || error >= .greatestFiniteMagnitude }
}
