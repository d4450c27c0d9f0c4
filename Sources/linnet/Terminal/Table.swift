// SPDX-License-Identifier: Apache-2.0

/// Rows of text in columns, each as wide as its widest cell.
///
///     var table = Table("AGENT", .right("WINDOWS"))
///     table.add("press-2", "1,204")
///
/// The last column is never padded, so a long reason at the end costs nothing.
package struct Table {
    /// A heading, and the side its cells lean to: numbers to the right, words to the left.
    package struct Column: ExpressibleByStringLiteral {
        let title: String
        let leansRight: Bool

        package init(stringLiteral title: String) { (self.title, leansRight) = (title, false) }
        private init(_ title: String, leansRight: Bool) { (self.title, self.leansRight) = (title, leansRight) }
        package static func left(_ title: String) -> Column { Column(title, leansRight: false) }
        package static func right(_ title: String) -> Column { Column(title, leansRight: true) }
    }

    /// Text with a tint; the tint takes no room.
    package struct Cell: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
        let text: String
        let tint: Tint

        package init(_ text: String, _ tint: Tint = .plain) {
            // One cell is one line: what came from elsewhere must not tear the table or steer the terminal.
            self.text = String(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
            self.tint = tint
        }
        package init(stringLiteral text: String) { self.init(text) }
    }

    let columns: [Column]
    private(set) var rows: [[Cell]] = []

    package init(_ columns: Column...) { self.columns = columns }
    package init(_ columns: [Column]) { self.columns = columns }

    package mutating func add(_ cells: Cell...) { add(cells: cells) }

    package mutating func add(cells: [Cell]) {
        precondition(cells.count == columns.count, "a row has \(cells.count) cells, the table \(columns.count) columns")
        rows.append(cells)
    }

    /// The heading and every row, one line each.
    package func lines(on terminal: Terminal) -> [String] {
        let heading = columns.map { Cell($0.title, .faint) }
        let widths = columns.indices.map { column in
            ([heading] + rows).map { $0[column].text.count }.max() ?? 0
        }
        return ([heading] + rows).map { row in
            columns.indices.map { column in
                let cell = row[column]
                let padding = String(repeating: " ", count: widths[column] - cell.text.count)
                let text = terminal.tinted(cell.text, cell.tint)
                if columns[column].leansRight { return padding + text }
                return column == columns.count - 1 ? text : text + padding
            }.joined(separator: "  ")
        }
    }
}
