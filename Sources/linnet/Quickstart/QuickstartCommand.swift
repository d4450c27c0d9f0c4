// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetDomain
import LinnetFleet

/// `linnet quickstart`: a broker, a coordinator and a few agents on this machine, faults, and a verdict.
struct QuickstartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quickstart",
        abstract: "Run a small fleet on this machine: watch it learn, break, notice and report.",
        discussion: """
            Starts a private mosquitto, a coordinator and agents as processes of their own, on loopback only. All agents but \
            the last watch simulated machines, the last one watches this very host through /proc; with --data each replays \
            a recording instead. Faults are injected on a schedule that is printed first. Ends after --for, or with Ctrl-C, \
            and exits with 0 only if at least three training rounds were committed, every agent runs the newest released \
            version, and every injected fault is in the coordinator's store as an event of the right device, once.
            """)

    static let shortestSeconds = 60
    static let longestSeconds = 24 * 3600

    @Option(help: ArgumentHelp("Agents to run, 1 to 16.", valueName: "number"))
    var agents = 4

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long to run, at least 60s; until Ctrl-C if left out.", valueName: "time"))
    var duration: Span?

    @Flag(help: "Print the result as one JSON object in the last line.")
    var json = false

    @Option(help: ArgumentHelp("Replay CSV files of this folder, one for each agent.", valueName: "dir"))
    var data: String?

    @Flag(help: "Use TLS with client certificates, and access rules at the broker.")
    var tls = false

    @Option(help: ArgumentHelp("Keep everything in this new folder.", valueName: "dir"))
    var directory: String?

    @Option(help: "Draws other machines and another schedule of faults.")
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "What becomes of new versions: immediate, manual, automatic or automatic-to-stage-1.",
            discussion: "With all but immediate they go out by linnet rollout, in two stages.", valueName: "policy"))
    var releases = ReleasePolicy.immediate

    @Flag(help: "Keep the run's folder, with databases and logs.")
    var keep = false

    func validate() throws {
        guard (1...16).contains(agents) else { throw ValidationError("--agents is \(agents); it must be 1 to 16") }
        guard let duration else { return }
        guard duration.seconds >= Self.shortestSeconds else {
            throw ValidationError(
                "--for \(duration.seconds)s is too short: agents need about half a minute to learn what normal is, and "
                    + "faults need time to be injected and found; give it at least \(Self.shortestSeconds)s")
        }
        guard duration.seconds <= Self.longestSeconds else {
            throw ValidationError("--for \(duration.seconds)s is too long; at most \(Self.longestSeconds)s (one day)")
        }
    }

    func run() throws {
        let timing = duration.map { FaultSchedule.Timing.run(of: Double($0.seconds)) } ?? .endless
        let scenario: Scenario
        if let data {
            let folder = try DataFolder(reading: data, replays: agents)
            scenario = .replaying(folder, learnedBy: timing.firstStart)
        } else {
            scenario = .simulated(agents: agents, seed: seed)
        }
        guard let schedule = FaultSchedule.draw(targets: scenario.targets, timing: timing, seed: seed) else {
            throw CommandFailure.usage("--for leaves no time for a fault in each device; give it 120s")
        }
        let installation = try Installation.find()
        var demonstration = Demonstration(
            installation: installation, directory: try RunDirectory(chosen: directory), scenario: scenario,
            schedule: schedule, releases: releases, totalSeconds: duration.map { Double($0.seconds) }, usesTLS: tls,
            printsJSON: json,
            keepsDirectory: keep || directory != nil)
        guard try demonstration.run() else { throw ExitCode(1) }
    }
}

extension ReleasePolicy: ExpressibleByArgument {}
