// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How many of the channels that an expert blames for an event stand at the top of a detector's ranking: HitRate@P%
/// (Su et al. 2019, section 5.5).
public enum HitRate {
    /// Share of the true channels among the first `round down(P/100 x their number)` of the ranking.
    ///
    /// - Parameters:
    ///   - ranking: channels, the most suspicious first.
    ///   - truth: the channels to blame, at least one.
    ///   - percent: P, 100 or 150 in the papers.
    public static func of(ranking: [Int], truth: Set<Int>, percent: Double) -> Double {
        precondition(!truth.isEmpty && percent.isFinite && percent > 0, "a hit rate needs channels to hit")
        let reach = min(Double(ranking.count), floor(percent / 100 * Double(truth.count)))
        return Double(ranking.prefix(Int(reach)).count { truth.contains($0) }) / Double(truth.count)
    }
}
