// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetConfiguration
import LinnetFleet
import LinnetSimulation

/// What `--rollout` takes: what is rolled out, or all of it, one after the other.
struct CandidateArgument: ExpressibleByArgument {
    let kinds: [CandidateKind]

    init?(argument: String) {
        if argument == "all" {
            kinds = CandidateKind.allCases
        } else if let kind = CandidateKind(rawValue: argument) {
            kinds = [kind]
        } else {
            return nil
        }
    }

    static var allValueStrings: [String] { CandidateKind.allCases.map(\.rawValue) + ["all"] }
}

/// How a simulated fleet gets the last version that it has trained.
struct SimulatedRolloutOptions: ParsableArguments {
    @Option(help: "Then roll the last version out in stages, good or with a mistake made in it.")
    var rollout: CandidateArgument?

    @Option(help: ArgumentHelp("The rollout's plan, as linnet rollout plan takes it.", valueName: "file"))
    var plan: String?

    @Option(help: ArgumentHelp("Share of agents that are away, and come back within 12 hours.", valueName: "share"))
    var offline = "30%"

    @Option(help: ArgumentHelp("Share of agents whose device can take no version.", valueName: "share"))
    var failing = "5%"

    /// - Throws: a usage failure for a share or a plan that can not be.
    func settings(seed: UInt64, faults: FaultRates) throws -> RolloutSimulationSettings {
        var plan = Self.standard
        if let path = self.plan {
            do { plan = try RolloutPlan(file: ConfigurationFile(path: path), otherwise: plan) } catch {
                throw CommandFailure.usage("\(error)")
            }
            guard plan.filter.isEveryone else {
                throw CommandFailure.usage("\(path): the simulated fleet is one, so \"for\" has nothing to choose from")
            }
        }
        func share(_ text: String, _ name: String) throws(CommandFailure) -> Double {
            do throws(RolloutPlanError) { return try Percent.parse(text, of: name) } catch { throw .usage("\(error)") }
        }
        return RolloutSimulationSettings(
            plan: plan, seed: seed, offlineShare: try share(offline, "--offline"),
            failingShare: try share(failing, "--failing"), faults: faults)
    }

    /// As the standing plan, but for a fleet in which some always fail.
    private static var standard: RolloutPlan {
        var plan = RolloutPlan.standard
        for index in plan.stages.indices {
            (plan.stages[index].successShare, plan.stages[index].errorShare) = (0.8, 0.15)
        }
        plan.stages[0].size = .share(0.01)
        return plan
    }
}
