// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection
import LinnetEvaluation
import LinnetTestKit
import Testing

@Suite("A labelled recording of one's own")
struct OwnRecordingTests {
    /// What comes of a CSV file with this text, or the message that refuses it.
    private func series(_ text: String, trainingRows: Int? = nil) throws -> Result<LabelledSeries, BenchmarkError> {
        let folder = try TemporaryDirectory()
        let path = "\(folder.path)/pump.csv"
        try Data(text.utf8).write(to: URL(filePath: path))
        do {
            let recording = try Recording(reading: CSVReplaySettings(path: path, labelColumn: "anomaly"))
            return .success(
                try LabelledSeries.own(recording, path: path, labelColumn: "anomaly", trainingRows: trainingRows))
        } catch let error as DetectionError {
            return .failure(.recording(error))
        } catch let error as BenchmarkError {
            return .failure(error)
        }
    }

    private func text(_ rows: Int, faulty: Range<Int>) -> String {
        (0..<rows).reduce("time,flow,anomaly\n") { $0 + "\($1),\($1 % 9),\(faulty.contains($1) ? 1 : 0)\n" }
    }

    private func message(_ text: String, trainingRows: Int? = nil) throws -> String {
        switch try series(text, trainingRows: trainingRows) {
        case .success: "accepted"
        case .failure(let error): "\(error)"
        }
    }

    @Test("it learns from the first fifth, from fewer where a fault comes sooner, or from what one says")
    func split() throws {
        #expect(try series(text(1000, faulty: 600..<650)).get().training.count == 200)
        #expect(try series(text(1000, faulty: 90..<95)).get().training.count == 90)
        #expect(try series(text(1000, faulty: 600..<650), trainingRows: 500).get().training.count == 500)
    }

    @Test("without any label, or with labels alone, there is nothing to measure, and it says so")
    func oneClass() throws {
        #expect(try message(text(500, faulty: 0..<0)).hasSuffix("there is nothing to find in it"))
        #expect(try message(text(500, faulty: 100..<500)).contains("every row after the first 100 is labelled"))
    }

    @Test("labels among the rows to learn from are told with the rows that would do")
    func labelsInTraining() throws {
        #expect(
            try message(text(500, faulty: 200..<250), trainingRows: 300).hasSuffix(
                "row 201 is labelled as anomalous; learn from at most 200"))
        #expect(try message(text(500, faulty: 10..<20)).contains("row 11 is labelled already"))
        #expect(try message(text(40, faulty: 10..<20)).contains("40 rows; at least 60"))
    }

    @Test("a missing label column, a label that is none and a cell that is no number are told with their places")
    func badCells() throws {
        let missing = try message("time,flow\n1,2\n")
        #expect(missing.contains(":1: there is no label column \"anomaly\"; there are time, flow"))
        let label = try message("time,flow,anomaly\n1,2,0\n2,2,maybe\n")
        #expect(label.contains(":3: column \"anomaly\" is \"maybe\"; a label is 0 or false for normal"))
        let cell = try message("time,flow,anomaly\n1,fast,0\n")
        #expect(cell.contains(":2: column \"flow\" is \"fast\"; a channel holds numbers"))
        #expect(cell.contains("--ignore"))
    }

    @Test("labels may be words, numbers or missing")
    func labels() throws {
        let rows = (0..<100).map { "\($0),\($0 % 9),false\n" }.joined()
        let series = try series("time,flow,anomaly\n" + rows + "100,1,true\n101,1,2\n102,1,\n103,1,0\n").get()
        #expect(series.labels.suffix(4) == [true, true, false, false])
    }
}
