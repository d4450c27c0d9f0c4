// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetDomain
import LinnetFleet
import LinnetMessaging

/// `linnet rollout plan VERSION`: plans a rollout, and with `--start` starts it.
struct RolloutPlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Plan how a version reaches a cohort; nothing happens before it is started.",
        discussion: """
            What neither the options nor the file say is as the coordinator's standing plan has it (section "rollout" of \
            its configuration). The plan is checked as a whole, against the agents that are there: every number that does \
            not parse, or could never be met, is named, and then nothing is planned.

              linnet rollout plan 7 --stages 1,10%,50%,all --soak 30m --errors 5% --start
              linnet rollout plan candidate --site hall-3 --stages all --scoring-ratio 2 --self-test-recall 50%
              linnet rollout plan 7 --plan night-shift.yaml
            """)

    @OptionGroup var options: APIOptions

    @Argument(help: "The version: its number, an alias, or the beginning of its digest.")
    var version: String

    @Option(help: "The cohort, where there is more than one.")
    var cohort: String?

    @OptionGroup(title: "Plan") var planned: RolloutPlanOptions
    @OptionGroup(title: "Limits on a device, beside the version before") var limits: BehaviourLimitOptions
    @OptionGroup(title: "For some agents only") var filter: TargetFilterOptions

    @Flag(help: "Start it at once.")
    var start = false

    func run() throws {
        let api = try options.coordinator()
        let token = try options.token()
        let standing = try api.report(RolloutPlan.self, "/api/v1/rollout-plan")
        let request = try request(from: standing)
        var body = try api.change("POST", "/api/v1/rollouts", body: try Wire.encode(request), token: token)
        let number = try api.read(RolloutStatus.self, from: body, of: "/api/v1/rollouts").rollout.number
        if start {
            body = try api.change(
                "POST", "/api/v1/rollouts/\(number)/start",
                body: try Wire.encode(RolloutWish(why: "started as it was planned")), token: token)
        }
        if options.json { return Report.show(json: body) }
        let status = try api.read(RolloutStatus.self, from: body, of: "/api/v1/rollouts")
        Report.show(RolloutText.summary(status, now: .now(), on: .standardOutput()))
        if !start { Report.show(["Start it with: linnet rollout start \(number)"]) }
    }

    /// The standing plan with what the file and the command line change in it.
    ///
    /// - Throws: a usage failure that tells everything that is wrong with it.
    func request(from standing: RolloutPlan) throws -> RolloutRequest {
        var problems = PlanProblems()
        var plan = try planned.applied(to: standing, &problems)
        limits.apply(to: &plan.limits, &problems)
        filter.apply(to: &plan.filter, &problems)
        for problem in plan.problems { problems.add("\(problem)") }
        var cohort: CohortID?
        do throws(IdentifierError) {
            cohort = try self.cohort.map { name throws(IdentifierError) in try CohortID(name) }
        } catch {
            problems.add("\(error)")
        }
        try problems.finish()
        return RolloutRequest(cohort: cohort, version: version, plan: plan)
    }
}
