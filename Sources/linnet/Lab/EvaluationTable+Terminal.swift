// SPDX-License-Identifier: Apache-2.0

import LinnetEvaluation

extension EvaluationTable {
    /// The tables and what has to be said below them, one line each.
    func lines(on terminal: Terminal) -> [String] {
        var lines: [String] = []
        for part in parts {
            var table = Table(part.heads.enumerated().map { $0.offset == 0 ? .left($0.element) : .right($0.element) })
            for (number, row) in part.rows.enumerated() {
                table.add(cells: row.map { Table.Cell($0, number == 0 ? .strong : .plain) })
            }
            lines += [part.title] + table.lines(on: terminal) + [""]
        }
        return lines + notes
    }
}
