// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection

extension LabelledSeries {
    /// Makes a series of somebody's own labelled recording: learns from its first rows, which must be normal, and judges the
    /// others.
    ///
    /// - Parameters:
    ///   - path: of its file, for messages.
    ///   - labelColumn: for messages.
    ///   - trainingRows: `nil` takes the first fifth, or fewer if a label comes sooner.
    /// - Throws: ``BenchmarkError/file(path:reason:)`` saying what is wrong and which rows would do.
    public static func own(
        _ recording: Recording, path: String, labelColumn: String, trainingRows: Int?
    ) throws(BenchmarkError) -> LabelledSeries {
        let rows = recording.samples.count
        let least = DetectionPipeline.minimumSamples
        guard rows > least else {
            throw .file(path: path, reason: "\(rows) rows; at least \(least) are learned from, and some must be left")
        }
        let firstFault = recording.labels.firstIndex(of: true)
        guard let firstFault else {
            throw .file(
                path: path,
                reason:
                    "no row of column \"\(labelColumn)\" is labelled as anomalous (a number other than 0); there is "
                    + "nothing to find in it")
        }
        guard firstFault >= least else {
            throw .file(
                path: path,
                reason:
                    "row \(firstFault + 1) is labelled already; the file must begin with at least \(least) normal rows "
                    + "to learn from")
        }
        let chosen = trainingRows ?? min(max(least, rows / 5), firstFault)
        guard chosen <= firstFault else {
            throw .file(
                path: path,
                reason:
                    "the first \(chosen) rows are to be learned from as normal, and row \(firstFault + 1) is labelled as "
                    + "anomalous; learn from at most \(firstFault)")
        }
        guard recording.labels[chosen...].contains(false) else {
            throw .file(
                path: path,
                reason:
                    "every row after the first \(chosen) is labelled as anomalous; without normal rows no false alarm "
                    + "can be told")
        }
        let name = URL(filePath: path).deletingPathExtension().lastPathComponent
        return try Benchmark.series(recording, name: name, trainingRows: chosen, path: path)
    }
}
