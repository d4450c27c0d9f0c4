// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetEvaluation

/// Verdicts on one series as a CSV file that any other scorer can read.
///
///     datetime,score,pred
///     2020-03-09 10:20:40,0.8371,0
///
/// The first column is the series' own time column, name and texts unchanged.
enum PredictionFile {
    /// Writes `<folder>/<series>.csv`.
    ///
    /// - Throws: what the file system says.
    static func write(_ run: SeriesRun, of series: LabelledSeries, below folder: String) throws {
        let file = URL(filePath: folder).appending(path: "\(series.name).csv")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        var text = "\(series.timeColumn),score,pred\n"
        for row in run.scores.indices {
            text += "\(series.times[row]),\(run.scores[row]),\(run.predictions[row] ? 1 : 0)\n"
        }
        try Data(text.utf8).write(to: file, options: .atomic)
    }
}
