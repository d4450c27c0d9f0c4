// SPDX-License-Identifier: Apache-2.0

/// A threshold for each operating state that is known well enough, and one for all others.
struct RegimeThreshold: Sendable {
    private var all: ScoreThreshold
    private var regimes: [Int: ScoreThreshold] = [:]

    /// - Parameter held: held-back normal scores in the order of time, and the state of each.
    init(_ rule: ThresholdRule, fitting held: [(Double, Int?)]) throws(DetectionError) {
        all = try ScoreThreshold(rule, fitting: held.map(\.0))
        for (regime, scores) in Judge.byRegime(held) {
            // A rule that needs more than this state has shown leaves it to the one for all.
            if let own = try? ScoreThreshold(rule, fitting: scores) { regimes[regime] = own }
        }
    }

    /// Takes in the next score; answers the level it is held against.
    mutating func handle(_ score: Double, regime: Int?) -> Double {
        guard let regime, regimes[regime] != nil else { return all.handle(score) }
        return regimes[regime]?.handle(score) ?? 0
    }
}
