// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetConfiguration
import LinnetDomain
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNumerics
import Testing

@Suite("The coordinator's configuration")
struct CoordinatorConfigurationTests {
    private let minimal = """
        state: state
        trustedAgents: trusted
        broker: {host: 127.0.0.1, insecureLoopback: true}

        """

    private func read(_ text: String) throws -> CoordinatorConfiguration {
        try CoordinatorConfiguration(try ConfigurationFile(text: text, name: "coordinator.yaml"))
    }

    private func problems(_ text: String) -> [String] {
        do {
            _ = try read(text)
            return []
        } catch {
            return (error as? ConfigurationProblems)?.problems ?? ["\(error)"]
        }
    }

    @Test("three lines are a configuration, and the rest has defaults")
    func defaults() throws {
        let configuration = try read(minimal)

        #expect(configuration.apiHost == "127.0.0.1" && configuration.apiPort == 8780)
        #expect(configuration.fleet.rounds.everyMilliseconds == 3_600_000)
        #expect(configuration.fleet.rounds.quorum == 2 && configuration.fleet.rounds.settings.epochs == 5)
        #expect(configuration.fleet.release == .immediate && configuration.fleet.chunkBytes == 65_536)
    }

    @Test("what is required is asked for, all at once")
    func required() {
        #expect(
            problems("fleet: plant-7") == [
                #"coordinator.yaml:1: "state" is missing; it must be text"#,
                #"coordinator.yaml:1: "trustedAgents" is missing; it must be text"#,
                #"coordinator.yaml:1: "broker.host" is missing; it must be text"#,
                #"coordinator.yaml:1: "broker" has no "tls"; give it "ca", "certificate" and "key", or, for a broker on "#
                    + #"this very machine, "insecureLoopback: true""#,
            ])
    }

    @Test("the API does not listen elsewhere unless the file says so by name")
    func exposure() throws {
        #expect(
            problems(minimal + "api: {host: 0.0.0.0}") == [
                #"coordinator.yaml:4: "api.host" is "0.0.0.0"; the API asks nobody who they are, so it listens on "#
                    + #"127.0.0.1, or, with something in front of it that does ask, elsewhere with "#
                    + #""exposeWithoutAuthentication: true""#
            ])
        let exposed = try read(minimal + "api: {host: 0.0.0.0, exposeWithoutAuthentication: true}")
        #expect(exposed.apiHost == "0.0.0.0")
    }

    @Test("the scaler's rule is read, and any other word refused")
    func scaler() throws {
        #expect(try read(minimal).fleet.scaling == .standard)
        #expect(try read(minimal + "model: {scaling: robust}").fleet.scaling == .robust)
        #expect(try read(minimal + "model: {scaling: min-max}").fleet.scaling == .minMax)
        #expect(problems(minimal + "model: {scaling: minmax}").count == 1)
    }

    @Test("how updates are written down is read, and what is no encoding refused")
    func updateEncoding() throws {
        let chosen = try read(minimal + "rounds: {updateEncoding: \"top-k:0.25\"}")
        #expect(chosen.fleet.rounds.settings.updateEncoding == .topK(share: 0.25))
        for text in ["delta4", "top-k", "top-k:0", "top-k:1.5"] {
            #expect(
                problems(minimal + "rounds: {updateEncoding: \"\(text)\"}") == [
                    #"coordinator.yaml:4: "rounds.updateEncoding" is "\#(text)"; it must be full, delta16, delta8, or "#
                        + "top-k with the share to send: top-k:0.1"
                ])
        }
    }

    @Test("what does not go together is refused with the reason and a way out")
    func together() {
        #expect(problems(minimal + "rounds: {strategy: scaffold}").isEmpty)
        #expect(
            problems(minimal + "rounds: {strategy: scaffold, proximalMu: 0.1, clusters: 2}") == [
                #"coordinator.yaml:4: "rounds.proximalMu" is 0.1; scaffold corrects drift by itself: 0"#,
                #"coordinator.yaml:4: "rounds.clusters" is 2, and scaffold has one control variate; take another strategy"#,
            ])
        #expect(problems(minimal + "rounds: {clusters: 2}").isEmpty)
        #expect(
            problems(minimal + "rounds: {strategy: fedbuff, clusters: 2}\nrelease: {policy: manual}") == [
                #"coordinator.yaml:4: "rounds.clusters" is 2, and fedbuff fills one buffer; take another strategy"#,
                #"coordinator.yaml:4: "rounds.clusters" is 2, and a rollout brings one version to a whole cohort; take "#
                    + #""release.policy: immediate", or 1 lineage"#,
            ])
    }

    @Test("layers that stay with agents are named; what can be none of a layer is refused")
    func localLayers() throws {
        #expect(try read(minimal).fleet.rounds.settings.localLayers.isEmpty)
        let chosen = try read(minimal + "rounds: {localLayers: [last, layers.0]}")
        #expect(chosen.fleet.rounds.settings.localLayers == ["last", "layers.0"])
        #expect(
            problems(minimal + "rounds: {localLayers: [\"the last\"]}") == [
                #"coordinator.yaml:4: "rounds.localLayers" is [the last]; it must name at most 16 parts of a model, such "#
                    + "as [last] or [layers.3]"
            ])
    }

    @Test("a goal below the quorum is refused: no round could succeed")
    func goalBelowQuorum() {
        #expect(
            problems(minimal + "rounds: {quorum: 5, goal: 4}") == [
                #"coordinator.yaml:4: "rounds.goal" is 4; it must be at least "rounds.quorum" (5), or no round can succeed"#
            ])
    }

    @Test("a number out of its range, a wrong unit and a slip of the pen are all told, with what is allowed")
    func ranges() {
        let text =
            minimal + """
                rounds:
                  every: 10
                  quorumShare: nan
                  strategy: "fedavg:clip-factor=0"
                  epoch: 3
                release: {policy: automatc}
                chunkBytes: 1MiB
                """
        #expect(
            problems(text) == [
                #"coordinator.yaml:5: "rounds.every" is 10; it must be a duration between 1s and 30d "#
                    + "(write 250ms, 30s, 5m, 2h or 7d)",
                #"coordinator.yaml:6: "rounds.quorumShare" is "nan"; it must be a number between 0 and 1"#,
                #"coordinator.yaml:7: "rounds.strategy" is "fedavg:clip-factor=0": clip-factor is 0; it must be "#
                    + "a number from 0.01 to 1000",
                #"coordinator.yaml:8: "rounds.epoch" is not known here. Did you mean "epochs"?"#,
                #"coordinator.yaml:9: "release.policy" is "automatc"; it must be one of "immediate", "manual", "#
                    + #""automatic", "automatic-to-stage-1". Did you mean "automatic"?"#,
                #"coordinator.yaml:10: "chunkBytes" is 1MiB; it must be between 4KiB and 128KiB"#,
            ])
    }

    @Test("a standing plan with a number that is none, or could never be met, is told with what is allowed")
    func badPlan() throws {
        #expect(
            problems(minimal + "rollout: {stages: [1, half, all], errors: 100%}") == [
                #"coordinator.yaml:4: "rollout.stages" can not be: "half" is no size of a stage: write a number of agents "#
                    + "from 1 on, a share like 10%, or all",
                #"coordinator.yaml:4: "rollout.stages" can not be: stage 1: error share is 1.0; it must be 0 or more, "#
                    + "below 1: at 1 nothing would ever stop the rollout",
            ])
        let plan = try read(
            minimal + """
                rollout: {stages: [2, all], soak: 5m, success: 80%, windows: ["22:00-04:00"], limits: {alarmRatio: off}}
                """
        ).fleet.rolloutPlan
        #expect(plan.stages.map(\.size) == [.count(2), .all] && plan.stages[1].soakSeconds == 300)
        #expect(plan.stages[0].successShare == 0.8 && plan.limits.alarmRatio == nil && plan.windows.count == 1)
    }

    /// The folder of the checkout that this test was compiled from.
    private var checkout: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    @Test("the sample file is in order, but for files that only an installation has, and gives each default it names")
    func sample() throws {
        let text = try String(
            contentsOf: checkout.appendingPathComponent("Coordinator/deploy/coordinator.yaml"), encoding: .utf8)
        let found = problems(text)
        #expect(found.allSatisfy { $0.contains("/etc/linnet/") && $0.contains("No such file") }, "\(found)")

        // What the sample writes is what is meant when it is left out.
        let tls = try #require(text.split(separator: "\n").first { $0.contains("tls: {") })
        let here = text.replacingOccurrences(of: tls, with: "  insecureLoopback: true")
            .replacingOccurrences(of: "broker.plant.example", with: "127.0.0.1")
            .replacingOccurrences(of: "port: 8883", with: "port: 1883")
        let written = try read(here)
        var bare = try read(minimal)
        bare.stateDirectory = written.stateDirectory
        bare.trustedAgents = written.trustedAgents
        #expect(written == bare)
    }
}
