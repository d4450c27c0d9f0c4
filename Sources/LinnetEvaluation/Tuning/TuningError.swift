// SPDX-License-Identifier: Apache-2.0

/// Why nothing can be recommended.
public enum TuningError: Error, Equatable, CustomStringConvertible {
    /// Some rows are learned from and others are held back, and both need some.
    case tooFewRows(found: Int, needed: Int)
    /// The labelled recording is of another machine.
    case otherChannels(expected: [String], found: [String])
    /// Without both kinds of rows nothing can be told apart.
    case oneKindOfRow(name: String)
    /// Not one candidate could be learned in the time there was.
    case nothingLearned(reasons: [String])

    public var description: String {
        switch self {
        case .tooFewRows(let found, let needed):
            "\(found) normal rows are too few to compare on; \(needed) are needed"
        case .otherChannels(let expected, let found):
            "the labelled file has the channels \(found.joined(separator: ", ")); the normal one has "
                + "\(expected.joined(separator: ", "))"
        case .oneKindOfRow(let name):
            "\(name): all labels are the same; both normal and anomalous rows are needed"
        case .nothingLearned(let reasons):
            "no candidate could be learned from these rows"
                + (reasons.isEmpty ? "; give it more time" : ": " + reasons.joined(separator: "; "))
        }
    }
}
