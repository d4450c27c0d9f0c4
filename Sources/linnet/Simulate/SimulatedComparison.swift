// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetSimulation

/// What recorded machines learn alone and together, as a table.
struct SimulatedComparison {
    let json: Bool

    private struct Result: Encodable {
        let machines: [String]
        let measure = "VUS-PR"
        let rows: [FederationComparison.Row]
    }

    func run(_ comparison: FederationComparison) async throws {
        let rows = try await comparison.run { done, total in
            FileHandle.standardError.write(Data("\(done) of \(total) …\n".utf8))
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            return Report.show(json: try encoder.encode(Result(machines: comparison.fleet.names, rows: rows)))
        }
        var table = Table("OWN DATA", "LEARNED", .right("VUS-PR"), .right("WORSE THAN ALONE"), "EACH MACHINE")
        for row in rows {
            table.add(
                .init(row.method == FederationComparison.Method.local.rawValue ? row.ownData : ""), .init(row.method),
                .init(String(format: "%.3f", row.mean), .strong), .init(Self.worse(row)),
                .init(row.values.map { String(format: "%.3f", $0) }.joined(separator: " ")))
        }
        Report.show(table.lines(on: .standardOutput()))
        Report.show([
            "", "Machines: " + comparison.fleet.names.joined(separator: ", "),
            "Each in turn has only its newest hours of normal data, the others all of theirs. VUS-PR needs no threshold;",
            "worse is worse by more than 0.02, and by how much at most. Chosen is what the machine takes by its held-back normal rows, without labels.",
        ])
    }

    /// How many machines are worse off than alone, and the worst of them by how much.
    static func worse(_ row: FederationComparison.Row) -> String {
        let count = "\(row.worse) of \(row.values.count)"
        return row.worse == 0 ? count : count + String(format: ", by %.3f", row.shortfall)
    }

    /// The recordings of a folder: for each machine `NAME.train.csv` and `NAME.test.csv`.
    ///
    /// - Throws: ``CommandFailure`` for a folder that has none.
    static func files(in folder: String) throws -> [(name: String, training: String, test: String)] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw CommandFailure.failed("\(folder): there is no such folder, or it can not be read")
        }
        let (training, test) = (".train.csv", ".test.csv")
        let files = names.sorted().filter { $0.hasSuffix(training) }.map { String($0.dropLast(training.count)) }
            .filter { names.contains($0 + test) }
            .map { (name: $0, training: "\(folder)/\($0)\(training)", test: "\(folder)/\($0)\(test)") }
        guard files.count >= 2 else {
            throw CommandFailure.failed(
                "\(folder): there are no two machines with a NAME.train.csv and a NAME.test.csv that has a column \"label\""
            )
        }
        return files
    }
}
