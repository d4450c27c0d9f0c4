// SPDX-License-Identifier: Apache-2.0

/// Stretches of successive rows: labelled events in the truth, alarm episodes in a prediction.
public enum Runs {
    /// The runs of `true`, first and last row included, in order.
    public static func of(_ flags: [Bool]) -> [ClosedRange<Int>] {
        var runs: [ClosedRange<Int>] = []
        var start: Int?
        for (row, flag) in flags.enumerated() {
            if flag {
                start = start ?? row
            } else if let first = start {
                runs.append(first...(row - 1))
                start = nil
            }
        }
        if let first = start { runs.append(first...(flags.count - 1)) }
        return runs
    }

    /// The rows at which a run begins, and no other: one alarm an episode.
    public static func onsets(_ flags: [Bool]) -> [Bool] {
        flags.indices.map { row in flags[row] && (row == 0 || !flags[row - 1]) }
    }
}
