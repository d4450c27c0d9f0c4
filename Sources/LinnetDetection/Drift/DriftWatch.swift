// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// What has drifted, and since when.
public struct Drift: Sendable, Hashable, Codable {
    public var source: DriftSource
    public var since: Timestamp
    /// Mean before and after.
    public var change: AdaptiveWindow.Change
}

/// Watches a device's calm scores and inputs for lasting changes. It asks for learning, and has no part in any alarm.
///
/// Scores are surprises, so a thousand normal ones have the mean 0.43 on every device. Inputs are the root mean square of
/// the channels' means in a window, in the device's scales. Windows above the threshold are the alarm's business and are
/// left out, and so are windows that overlap with the last one taken, for both tests reckon with independent values.
public struct DriftWatch: Sendable, Hashable, Codable {
    /// One window in so many is taken in.
    public let stride: Int
    /// The drift that was found first; it stays until a new model is installed.
    public private(set) var drift: Drift?

    private var scores = AdaptiveWindow(delta: confidence)
    private var inputs = AdaptiveWindow(delta: confidence)
    private var rise = PageHinkley(delta: 0.25, lambda: 50)
    private var untilNext = 0
    /// The means before anything had changed: a window is cut down to what is new in several steps.
    private var usualScore: Double?
    private var usualInput: Double?

    /// Neighbouring windows of a machine are alike, so the tests' own confidence is taken far higher than usual.
    static let confidence = 1e-5
    /// Changes smaller than these ask for nothing: in the mean surprise, and in scales.
    static let leastScoreChange = 0.3
    static let leastInputChange = 1.0

    /// - Parameter stride: windows from one to the next that does not overlap with it.
    public init(stride: Int) { self.stride = max(1, stride) }

    /// Takes in a window of the device that was scored.
    ///
    /// - Parameters:
    ///   - level: the root mean square of the channels' standardized means.
    /// - Returns: a drift, if it is found now.
    public mutating func handle(_ window: ScoredWindow, level: Double) -> Drift? {
        guard !window.isAnomalous else { return nil }
        guard untilNext == 0 else {
            untilNext -= 1
            return nil
        }
        untilNext = stride - 1
        let scoreChange = Self.change(scores.handle(window.score), since: &usualScore)
        let inputChange = Self.change(inputs.handle(level), since: &usualInput)
        let hasRisen = rise.handle(window.score)
        guard drift == nil else { return nil }
        if let scoreChange, scoreChange.after - scoreChange.before >= Self.leastScoreChange {
            drift = Drift(source: .scores, since: window.end, change: scoreChange)
        } else if hasRisen {
            drift = Drift(
                source: .scores, since: window.end,
                change: AdaptiveWindow.Change(before: Self.expectedScore, after: scores.mean))
        } else if let inputChange, abs(inputChange.after - inputChange.before) >= Self.leastInputChange {
            drift = Drift(source: .inputs, since: window.end, change: inputChange)
        }
        return drift
    }

    private static func change(
        _ step: AdaptiveWindow.Change?, since usual: inout Double?
    ) -> AdaptiveWindow.Change? {
        guard let step else { return nil }
        let before = usual ?? step.before
        usual = before
        return AdaptiveWindow.Change(before: before, after: step.after)
    }

    /// The mean of `-log10 p` over normal windows, whose `p` is uniform: `1 / ln 10`.
    static let expectedScore = 0.434

    /// Begins anew: a new model has been installed, and what is normal is told by it.
    public mutating func restart() { self = DriftWatch(stride: stride) }
}
