// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetNumerics
import LinnetTestKit

/// Small recordings of a machine with three channels that go together, as files.
struct LabRecording {
    static let channels = ["flow", "pressure", "heat"]

    /// A recording of `rows` seconds; from row `fault` on, pressure leaves its place.
    static func read(rows: Int, seed: UInt64 = 1, fault: Int? = nil, labels: Range<Int>? = nil) throws -> Recording {
        let folder = try TemporaryDirectory("linnet-lab")
        let path = try folder.write(text(rows: rows, seed: seed, fault: fault, labels: labels), to: "machine.csv")
        return try Recording(reading: CSVReplaySettings(path: path, labelColumn: labels == nil ? nil : "label"))
    }

    static func text(rows: Int, seed: UInt64, fault: Int? = nil, labels: Range<Int>? = nil) -> String {
        var generator = SeededGenerator(seed: seed)
        var text = "time,flow,pressure,heat" + (labels == nil ? "\n" : ",label\n")
        for row in 0..<rows {
            // A saw-tooth that repeats every 20 rows: the same on every machine.
            let phase = Double(row % 20) / 10 - 1
            let (flow, heat) = (30 + 4 * abs(phase), 70 - 6 * abs(phase))
            let pressure = 2 + phase + (fault.map { row >= $0 ? 4 : 0 } ?? 0)
            let noise = (0..<3).map { _ in 0.1 * generator.gaussian() }
            text += "\(row),\(flow + noise[0]),\(pressure + noise[1]),\(heat + noise[2])"
            text += labels.map { $0.contains(row) ? ",1\n" : ",0\n" } ?? "\n"
        }
        return text
    }
}
