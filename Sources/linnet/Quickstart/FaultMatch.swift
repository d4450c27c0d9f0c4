// SPDX-License-Identifier: Apache-2.0

/// When an anomaly event counts as the sight of a fault: their times overlap, give or take what physics needs.
package enum FaultMatch {
    /// How long after a fault a machine may still look ill: heat and flow come back slowly, and the last windows that
    /// touch the fault lie behind its end.
    package static let toleranceSeconds: Double = 5

    /// - Parameters:
    ///   - span: the event, in seconds from the start of the demonstration.
    package static func isSeen(_ fault: InjectedFault, by span: ClosedRange<Double>) -> Bool {
        span.overlaps(fault.startSeconds...(fault.endSeconds + toleranceSeconds))
    }
}
