// SPDX-License-Identifier: Apache-2.0

/// Decides when an agent learns by itself: once, as soon as there is enough to learn from and no model; and, where nobody
/// else makes it better models, again from time to time.
public struct LocalLearning: Sendable, Equatable {
    /// What is to be learned.
    public enum Decision: Sendable, Equatable {
        /// The first model, from nothing.
        case first
        /// A new model from the active one's weights.
        case again
    }

    private let minimumWindows: Int
    private let retrainEvery: Int64?
    private var isRunning = false
    private var notBefore: Int64 = .min
    private var failures = 0

    /// Wait after a failure, and the longest, in milliseconds; it doubles in between.
    static let firstPause: Int64 = 30_000
    static let longestPause: Int64 = 3_600_000

    /// - Parameter retrainEvery: milliseconds; `nil` never learns again.
    public init(minimumWindows: Int, retrainEvery: Int64?, uptime: Int64) {
        self.minimumWindows = minimumWindows
        self.retrainEvery = retrainEvery
        // A restart does not start with training.
        if let retrainEvery { againAt = uptime + retrainEvery }
    }

    private var againAt: Int64 = .max
    /// Whether a device has drifted since a model was learned.
    private var isAskedFor = false
    private var learnedAt: Int64?

    /// At least so long passes between two trainings that drift has asked for, in milliseconds.
    static let betweenWishes: Int64 = 3_600_000

    /// Asks for learning before its time: what is normal has changed.
    public mutating func ask() { isAskedFor = true }

    /// What to begin now, if anything; the caller says when it has ended.
    ///
    /// - Parameters:
    ///   - windows: the most normal windows that any device has.
    ///   - hasModel: whether a model is active.
    ///   - isAlone: whether no coordinator has ever released one.
    public mutating func begin(windows: Int, hasModel: Bool, isAlone: Bool, uptime: Int64) -> Decision? {
        guard !isRunning, uptime >= notBefore, windows >= minimumWindows else { return nil }
        if !hasModel {
            isRunning = true
            return .first
        }
        let isDue = retrainEvery != nil && uptime >= againAt
        let isWanted = isAskedFor && learnedAt.map { uptime - $0 >= Self.betweenWishes } ?? true
        guard isAlone, isDue || isWanted else { return nil }
        isRunning = true
        return .again
    }

    /// Takes in the end of what was begun.
    public mutating func ended(succeeded: Bool, uptime: Int64) {
        isRunning = false
        isAskedFor = false
        learnedAt = uptime
        if let retrainEvery { againAt = uptime + retrainEvery }
        guard !succeeded else {
            failures = 0
            return
        }
        failures += 1
        // At most 2⁷: the longest pause is reached before that.
        notBefore = uptime + min(Self.longestPause, Self.firstPause << Int64(min(failures - 1, 7)))
    }
}
