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
            What is not given is as the coordinator's standing plan has it (section "rollout" of its configuration). The plan \
            is checked as a whole: a number that could never be met is refused here.
            """)

    @OptionGroup var options: APIOptions

    @Argument(help: "The version: its number, an alias, or the beginning of its digest.")
    var version: String

    @Option(help: "The cohort, where there is more than one.")
    var cohort: String?

    @Option(help: "Agents up to and with each stage: numbers, shares, all; for example 1,10%,50%,all.")
    var stages: String?

    @Option(help: "How long each stage must hold what it asks for, for example 10m.")
    var soak: Span?

    @Option(help: "Share of a stage's agents that must confirm the version, for example 90%.")
    var success: String?

    @Option(help: "Share of failed agents above which the rollout ends.")
    var errors: String?

    @Option(help: "Share of silent agents above which a stage holds.")
    var silent: String?

    @Option(help: "After which an agent without an end counts as silent.")
    var timeout: Span?

    @Option(help: "Live windows a device scores with the version beside its active one.")
    var shadowWindows: Int?

    @Option(help: "Stages begin only in this span of the day, in UTC: 22:00-04:30. May be given more than once.")
    var window: [String] = []

    @Option(help: "Alarms an hour of the version on all agents; more end the rollout.")
    var alarmsPerHour: Double?

    @Flag(help: "Somebody else must approve it.")
    var approval = false

    @Flag(help: "Pause after the first stage until somebody lets it go on.")
    var pauseAfterFirst = false

    @Flag(help: "Start it at once.")
    var start = false

    @Option(help: "Only this agent; may be given more than once.")
    var agent: [String] = []

    @Option(help: "Only agents that watch this device; may be given more than once.")
    var device: [String] = []

    @Option(help: "Only agents with this tag; given more than once, with all of them.")
    var tag: [String] = []

    @Option(help: "Only agents of this site; may be given more than once.")
    var site: [String] = []

    @Option(help: "Only agents whose software begins so.")
    var software: String?

    func run() throws {
        let api = try options.coordinator()
        let token = try options.token()
        let standing = try api.report(RolloutPlan.self, "/api/v1/rollout-plan")
        let request: RolloutRequest
        do {
            request = RolloutRequest(
                cohort: try cohort.map { try CohortID($0) }, version: version, plan: try plan(from: standing))
        } catch let error as RolloutPlanError {
            throw CommandFailure.usage("\(error)")
        } catch let error as IdentifierError {
            throw CommandFailure.usage("\(error)")
        }
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

    /// The standing plan with what the command line changes in it.
    func plan(from standing: RolloutPlan) throws -> RolloutPlan {
        var plan = standing
        let first = standing.stages.first ?? RolloutStage(size: .all)
        if let stages {
            plan.stages = try stages.split(separator: ",", omittingEmptySubsequences: false).map {
                var stage = first
                stage.size = try StageSize(parsing: String($0))
                return stage
            }
        }
        for index in plan.stages.indices {
            if let soak { plan.stages[index].soakSeconds = soak.seconds }
            if let success { plan.stages[index].successShare = try Percent.parse(success, of: "--success") }
            if let errors { plan.stages[index].errorShare = try Percent.parse(errors, of: "--errors") }
            if let silent { plan.stages[index].silentShare = try Percent.parse(silent, of: "--silent") }
        }
        if pauseAfterFirst, !plan.stages.isEmpty { plan.stages[0].isFollowedByPause = true }
        if let timeout { plan.timeoutSeconds = timeout.seconds }
        if let shadowWindows { plan.shadowWindows = shadowWindows }
        if !window.isEmpty { plan.windows = try window.map { try MaintenanceWindow(parsing: $0) } }
        if let alarmsPerHour { plan.alarmsPerHour = alarmsPerHour }
        if approval { plan.needsApproval = true }
        plan.filter = TargetFilter(
            agents: try agent.map { try AgentID($0) }, devices: try device.map { try DeviceID($0) }, tags: tag,
            sites: site, software: software)
        try plan.check()
        return plan
    }
}
