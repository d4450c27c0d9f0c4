// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// How far apart the samples of a recording are.
enum SamplingStep {
    /// A step of centuries is no sampling interval; the bound also keeps conversions safe.
    static let longestMilliseconds: Int64 = 1_000_000_000_000

    /// The median of the steps forward between successive times, in milliseconds; `nil` where there is none.
    static func milliseconds(_ times: [Timestamp]) -> Int64? {
        let steps = zip(times, times.dropFirst()).map { $1.milliseconds(since: $0) }.filter { $0 > 0 }.sorted()
        return steps.isEmpty ? nil : min(steps[steps.count / 2], longestMilliseconds)
    }
}
