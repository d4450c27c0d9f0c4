// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// Decides which windows are normal enough to be learned from.
///
/// A fault that is learned is a fault that is never found again. So a window above the threshold is not learned, nor is any
/// while an alarm fires; and a calm window waits until a few more have passed: if they lead to an alarm, the fault has
/// most likely begun in it already.
public struct LearningFilter: Sendable, Equatable {
    /// Windows that a calm one waits for.
    public let delay: Int
    private var waiting: [SampleWindow] = []

    /// - Parameter delay: 0 or more; the number of windows that raise an alarm, and those that overlap with the first.
    public init(delay: Int) { self.delay = max(0, delay) }

    /// Takes in a window and what came of it.
    ///
    /// - Parameters:
    ///   - isAnomalous: whether its score was above the threshold; never, while there is no model.
    ///   - phase: the device's phase after this window.
    /// - Returns: windows that may be learned now, oldest first.
    public mutating func handle(_ window: SampleWindow, isAnomalous: Bool, phase: AlarmPhase) -> [SampleWindow] {
        switch phase {
        case .firing:
            waiting.removeAll()
            return []
        case .pending:
            // Neither this one nor those before it: the next windows tell.
            return []
        case .normal, .learning:
            if !isAnomalous { waiting.append(window) }
            let count = max(0, waiting.count - delay)
            defer { waiting.removeFirst(count) }
            return Array(waiting.prefix(count))
        }
    }
}
