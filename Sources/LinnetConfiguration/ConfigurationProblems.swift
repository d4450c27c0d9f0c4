// SPDX-License-Identifier: Apache-2.0

/// Everything that is wrong with one configuration file, so that it can be put right in one go.
///
///     edge.yaml:12: "window.stride" is 0; it must be between 1 and 64
///     edge.yaml:15: "detection.raiseAftr" is not known here. Did you mean "raiseAfter"?
public struct ConfigurationProblems: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence a problem, with file and line, in the order of the file.
    public var problems: [String]

    public init(problems: [String]) { self.problems = problems }

    /// The problems, one a line.
    public var description: String { problems.joined(separator: "\n") }
}

/// Gathers the problems of one file while its sections are read.
final class ProblemLog {
    /// The file as the operator named it.
    let name: String
    private var entries: [(line: Int, text: String)] = []
    private var unlisted = 0

    /// Most problems that are listed; the rest is only counted, so that a wrong file does not flood a terminal.
    static let maximumListed = 100

    init(name: String) { self.name = name }

    func add(line: Int, _ text: String) {
        guard entries.count < Self.maximumListed else {
            unlisted += 1
            return
        }
        entries.append((line, "\(name):\(line): \(text)"))
    }

    /// What was gathered, in the order of lines; `nil` if nothing was.
    var problems: ConfigurationProblems? {
        guard !entries.isEmpty else { return nil }
        // Sorted by position as well: the standard library's sort does not promise to be stable.
        let sorted = entries.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
        var texts = sorted.map(\.element.text)
        if unlisted > 0 { texts.append("\(name): and \(unlisted) problems more") }
        return ConfigurationProblems(problems: texts)
    }
}
