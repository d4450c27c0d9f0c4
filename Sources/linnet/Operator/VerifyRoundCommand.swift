// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetDomain
import LinnetFleet

/// `linnet rounds verify N`: whether round N's model is what its updates make.
struct VerifyRoundCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compute a round's model once more from the stored updates, and compare.",
        discussion: """
            The same updates make the same model, bit for bit, in whatever order they came. The coordinator keeps the updates \
            of a cohort's last rounds (retention.updateRounds). Exit code 1 if the digests differ, or the round can not be \
            computed again.
            """)

    @OptionGroup var options: APIOptions

    @Argument(help: "The number of the round, as linnet rounds shows it.")
    var round: Int

    func validate() throws {
        guard round > 0 else { throw ValidationError("\(round) is no number of a round; they count from 1") }
    }

    func run() throws {
        let api = try options.coordinator()
        let path = "/api/v1/rounds/\(round)/verification"
        let verification = try api.report(RoundVerification.self, path)
        if options.json { Report.show(json: try api.data(path)) } else { Report.show(Self.lines(verification)) }
        guard verification.matches else { throw ExitCode.failure }
    }

    static func lines(_ verification: RoundVerification) -> [String] {
        let count = HumanText.plural(verification.participants.count, "update")
        let versions = ([verification.version] + verification.others.map(\.version)).map { "version \($0)" }
        let made = "round \(verification.round) made \(versions.joined(separator: ", ")) by \(verification.strategy)"
        let now = ([verification.recomputed] + verification.others.map(\.recomputed)).map(\.short)
        return verification.matches
            ? ["\(made); \(count) make the same bits now"]
            : [
                "\(made); \(count) make \(now.joined(separator: ", ")) now",
                "What is stored of this round is not what it was made from. Stop releasing from it and look at the audit log.",
            ]
    }
}
