// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetEvaluation
import LinnetNumerics
import LinnetSimulation

/// What the machines of a set gain by learning together, as a table beside the detectors'.
enum LearnedTogether {
    /// Compares while a machine has two days of its own, and when it has all of its own.
    ///
    /// - Parameter folder: for each machine `NAME.train.csv` and `NAME.test.csv`.
    /// - Throws: ``CommandFailure``, or what the recordings are refused with.
    static func rows(in folder: String) async throws -> [FederationComparison.Row] {
        let fleet = try await RecordedFleet(SimulatedComparison.files(in: folder))
        let comparison = FederationComparison(fleet: fleet, threads: Workers.count, spans: [.hours(48), .all])
        return try await comparison.run { done, total in Progress.note("learning together: \(done) of \(total) …") }
    }

    /// The rows as a table.
    static func table(_ rows: [FederationComparison.Row]) -> EvaluationTable.Part {
        EvaluationTable.Part(
            title: "Learned alone and together, by the agents' dense autoencoder on single samples",
            heads: ["OWN DATA, LEARNED", "VUS-PR", "WORSE THAN ALONE", "EACH MACHINE"],
            rows: rows.map { row in
                [
                    "\(row.ownData), \(row.method)", String(format: "%.3f", row.mean),
                    SimulatedComparison.worse(row),
                    row.values.map { String(format: "%.3f", $0) }.joined(separator: " "),
                ]
            })
    }
}
