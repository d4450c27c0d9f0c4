// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection
import LinnetDomain

/// What a model says of a recording, row by row, as a CSV file that any other scorer can read:
///
///     datetime,score,pred,threshold,alarm,channel
///     2020-03-09 10:20:40,0.8371,0,2.9113,normal,Current
///
/// The first column is the recording's own time column, name and texts unchanged; the next two are those of
/// `linnet evaluate --predictions`. `pred` is 1 while an alarm fires; `channel` has the largest share in the score.
struct ScoreFile {
    private(set) var text: String
    /// Rows, windows and alarms so far.
    private(set) var rows = 0
    private(set) var windows = 0
    private(set) var alarms = 0
    private(set) var alarmedRows = 0
    private var wasFiring = false

    init(timeColumn: String?) { text = Self.quoted(timeColumn ?? "row") + ",score,pred,threshold,alarm,channel\n" }

    mutating func add(_ verdict: SampleScoring.Verdict, time: String, topChannel: String) {
        let isFiring = verdict.phase == .firing
        text += "\(Self.quoted(time)),\(verdict.score),\(isFiring ? 1 : 0),\(verdict.threshold),"
        text += "\(verdict.phase.rawValue),\(Self.quoted(topChannel))\n"
        rows += 1
        windows += verdict.endsWindow ? 1 : 0
        alarms += isFiring && !wasFiring ? 1 : 0
        alarmedRows += isFiring ? 1 : 0
        wasFiring = isFiring
    }

    private static func quoted(_ field: String) -> String {
        guard field.contains(where: { ",\"\n\r".contains($0) }) else { return field }
        return "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}
