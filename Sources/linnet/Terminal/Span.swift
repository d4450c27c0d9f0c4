// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A length of time on the command line: `90s`, `2m`, `1h`, `3d`; a number alone counts seconds.
package struct Span: ExpressibleByArgument, Equatable {
    package let seconds: Int

    private static let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]

    package init(seconds: Int) { self.seconds = seconds }

    package init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let unit = argument.dropFirst(digits.count)
        guard let number = Int(digits), number <= 1_000_000, unit.count <= 1 else { return nil }
        guard let factor = unit.first.map({ Self.units[$0] }) ?? 1 else { return nil }
        seconds = number * factor
    }

    package var defaultValueDescription: String { "\(seconds)s" }
}
