// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetDomain
import LinnetMessaging
import LinnetNN
import LinnetNumerics

/// `linnet models diff A B`: how far two versions are apart.
struct ModelDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show in what two versions differ: layers, weights, scaler, provenance.")

    @OptionGroup var arguments: VersionArguments

    @Argument(help: "The first version: its number, an alias, or the beginning of its digest.")
    var first: String

    @Argument(help: "The second version.")
    var second: String

    /// What is told; distances are absent where the layers are not the same.
    struct Difference: Codable, Equatable {
        /// L2 norm of the difference of all weights and biases.
        var distance: Double?
        /// The same as a share of the first version's norm.
        var relativeDistance: Double?
        /// Largest change of a single weight.
        var largestChange: Double?
        /// Largest factor between two scales of one channel.
        var largestScaleFactor: Double?
        /// Everything else that differs: from, to.
        var changed: [String: [String]]
    }

    func run() throws {
        let api = try arguments.options.coordinator()
        let (old, new) = (
            try arguments.artifact(first, from: api).model, try arguments.artifact(second, from: api).model
        )
        let difference = try Self.difference(old, new)
        if arguments.options.json { return Report.show(json: try Wire.encode(difference)) }
        var table = Table("WHAT", first.isEmpty ? "FIRST" : .init(stringLiteral: first), .init(stringLiteral: second))
        for (key, values) in difference.changed.sorted(by: { $0.key < $1.key }) {
            table.add(.init(key), .init(values[0]), .init(values[1]))
        }
        let weights =
            difference.distance.map {
                "Weights are \(HumanText.number($0)) apart (L2), \(HumanText.number(difference.relativeDistance)) of the "
                    + "first; the largest change of one is \(HumanText.number(difference.largestChange)); scales differ by a "
                    + "factor of \(HumanText.number(difference.largestScaleFactor)) at most."
            } ?? "Their layers are not the same, so weights can not be compared."
        Report.show((difference.changed.isEmpty ? [] : table.lines(on: .standardOutput())) + [weights])
    }

    static func difference(_ old: ModelArtifact, _ new: ModelArtifact) throws(WireError) -> Difference {
        var difference = Difference(changed: [:])
        func compare(_ key: String, _ from: String, _ to: String) {
            if from != to { difference.changed[key] = [from, to] }
        }
        compare("layers", try VersionArguments.text(old.architecture), try VersionArguments.text(new.architecture))
        compare("windowLength", "\(old.windowLength)", "\(new.windowLength)")
        compare("falseAlarmsPerDay", "\(old.falseAlarmsPerDay)", "\(new.falseAlarmsPerDay)")
        for key in Set(old.provenance.keys).union(new.provenance.keys) {
            compare("provenance.\(key)", old.provenance[key] ?? "–", new.provenance[key] ?? "–")
        }
        let (a, b) = (old.scaler.scale, new.scaler.scale)
        if a.count == b.count {
            difference.largestScaleFactor = zip(a, b).map { Double(max($0 / $1, $1 / $0)) }.max()
        }
        guard old.architecture == new.architecture, old.parameters.count == new.parameters.count else {
            return difference
        }
        var (squares, norm, largest) = (0.0, 0.0, 0.0)
        for index in 0..<old.parameters.count {
            let change = Double(new.parameters[index]) - Double(old.parameters[index])
            squares += change * change
            norm += Double(old.parameters[index]) * Double(old.parameters[index])
            largest = max(largest, abs(change))
        }
        difference.distance = squares.squareRoot()
        difference.relativeDistance = norm > 0 ? (squares / norm).squareRoot() : nil
        difference.largestChange = largest
        return difference
    }
}
