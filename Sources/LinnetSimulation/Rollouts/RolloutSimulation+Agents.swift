// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetNN

extension RolloutSimulation {
    /// An agent's way to the broker and back, in whole messages a model file takes.
    private static let bytesPerSecond = 100_000.0
    /// What fitting a threshold and laying faults over windows take.
    private static let calibrationMilliseconds: Int64 = 2000
    private static let selfTestMilliseconds: Int64 = 3000
    /// How often an agent that is ready looks whether it may switch.
    private static let lookMilliseconds: Int64 = 60_000

    mutating func handleAtAgent(_ event: Event) throws(SimulationError) {
        switch event {
        case .manifest(let agent, let manifest):
            guard agents[agent].isOnline else { return }
            try tell(agent, .manifest(manifest, at: queue.now))
        case .step(let agent, let step): try tell(agent, step)
        case .look(let agent):
            // The simulated machines stand still whenever they are looked at; windows open and close.
            try tell(agent, .lookedAtMachines(queue.now, notIdle: nil))
            guard case .ready = agents[agent].lifecycle.phase else { return }
            queue.plan(.look(agent: agent), after: Self.lookMilliseconds)
        case .probationOver(let agent, let release): try endProbation(of: agent, release: release)
        case .tick, .report, .connected: break
        }
    }

    private mutating func tell(_ agent: Int, _ event: ModelEvent) throws(SimulationError) {
        for action in agents[agent].lifecycle.handle(event) {
            do throws(DetectionError) { try perform(action, of: agent) } catch {
                throw .judging("\(agents[agent].id): \(error)")
            }
        }
    }

    private mutating func perform(_ action: ModelAction, of agent: Int) throws(DetectionError) {
        switch action {
        case .fetch(let model):
            guard let file = models[model.version.digest]?.file else { return }
            let transfer = Int64(Double(model.plan.bytes) / Self.bytesPerSecond * 1000)
            // Lost chunks are asked for again after a while.
            let repair: Int64 = network.chance(settings.faults.loss) ? 5000 : 0
            let delay = 2 * agents[agent].latency + transfer + repair
            plan(.file(model.version.digest, file), of: agent, after: delay)
        case .calibrate(let candidate): try calibrate(candidate, of: agent)
        case .startShadow(let candidate):
            let windows = trials.windows(of: agent)
            let active = try runningModel(of: agent, windows)
            let verdict = try trials.shadow(candidate, active: active, windows)
            let seen = verdict.evidence["shadow.windows"] ?? 0
            // What is seen early ends the trial early.
            let delay = Int64(max(1, min(seen, 1e6))) * Int64(contract.intervalMilliseconds)
            plan(.shadowed(candidate.version.digest, verdict), of: agent, after: delay)
        case .selfTest(let candidate):
            let windows = trials.windows(of: agent)
            let replaced = try runningModel(of: agent, windows)
            let verdict = try trials.selfTest(candidate, replaced: replaced, windows, agent: agent)
            plan(.selfTested(candidate.version.digest, verdict), of: agent, after: Self.selfTestMilliseconds)
        case .lookAtMachines: queue.plan(.look(agent: agent), after: 0)
        case .activate(let candidate, _): plan(.activated(candidate.version.digest), of: agent, after: 100)
        case .install(let candidate): install(candidate, on: agent)
        case .report(let manifest, let state, let reason, let evidence):
            report(manifest, state, reason, evidence, of: agent)
        case .restorePrevious(let reason, let evidence):
            guard let bad = agents[agent].active, let manifest = agents[agent].lastReport else { return }
            (agents[agent].active, agents[agent].previous) = (agents[agent].previous, nil)
            say(
                RolloutReport(
                    agent: agents[agent].id, release: manifest.release, version: bad.version, state: .reverted,
                    reason: "taken back after the switch: \(reason)", evidence: evidence, at: queue.now), of: agent)
        case .goBack: (agents[agent].active, agents[agent].previous) = (agents[agent].previous, nil)
        default:
            // What is stored, stopped, or noted has nothing to be done in memory.
            break
        }
    }

    private mutating func plan(_ step: ModelEvent, of agent: Int, after delay: Int64) {
        queue.plan(.step(agent: agent, step), after: delay)
    }

    // MARK: - Trials

    private mutating func calibrate(_ candidate: ModelCandidate, of agent: Int) throws(DetectionError) {
        let digest = candidate.version.digest
        guard !agents[agent].isFailing else {
            return plan(
                .calibrationFailed(digest, "a sensor of the device has failed"), of: agent,
                after: Self.calibrationMilliseconds)
        }
        let calibration = try trials.calibrate(candidate.artifact, trials.windows(of: agent))
        plan(
            .calibrated(digest, [DeviceTrials.device: calibration]), of: agent, after: Self.calibrationMilliseconds)
    }

    /// What the agent runs, calibrated on its own windows.
    private mutating func runningModel(
        of agent: Int, _ windows: DeviceTrials.Windows
    ) throws(DetectionError) -> DeviceModel {
        if let active = agents[agent].active { return active }
        guard let version = agents[agent].lifecycle.active, let artifact = models[version.digest]?.artifact else {
            throw .tooFewWindows(found: 0, needed: 1)
        }
        let model = DeviceModel(
            version: version, artifact: artifact, calibration: try trials.calibrate(artifact, windows))
        agents[agent].active = model
        return model
    }

    private mutating func install(_ candidate: ModelCandidate, on agent: Int) {
        guard let calibration = candidate.calibrations[DeviceTrials.device] else { return }
        agents[agent].previous = agents[agent].active
        agents[agent].active = DeviceModel(
            version: candidate.version, artifact: candidate.artifact, calibration: calibration)
        queue.plan(
            .probationOver(agent: agent, release: candidate.manifest.release),
            after: Int64(Probation.windows) * Int64(contract.intervalMilliseconds))
    }

    private mutating func endProbation(of agent: Int, release: Int) throws(SimulationError) {
        guard let active = agents[agent].active, let previous = agents[agent].previous,
            agents[agent].lifecycle.lastRelease == release
        else { return }
        let outcome: (misbehaves: String?, evidence: [String: Double])
        do throws(DetectionError) {
            outcome = try trials.probation(active, before: previous, trials.windows(of: agent))
        } catch {
            throw .judging("\(agents[agent].id): \(error)")
        }
        if let reason = outcome.misbehaves {
            return try tell(agent, .misbehaved(active.version.digest, reason, outcome.evidence))
        }
        say(
            RolloutReport(
                agent: agents[agent].id, release: release, version: active.version, state: .confirmed, reason: "",
                evidence: outcome.evidence, at: queue.now), of: agent)
    }

    // MARK: - Words

    private mutating func report(
        _ manifest: ReleaseManifest, _ state: RolloutState, _ reason: String, _ evidence: [String: Double],
        of agent: Int
    ) {
        say(
            RolloutReport(
                agent: agents[agent].id, release: manifest.release, version: manifest.model.version, state: state,
                reason: reason, evidence: evidence, at: queue.now), of: agent)
    }

    private mutating func say(_ report: RolloutReport, of agent: Int) {
        log.add(queue.uptime, "\(report.agent) release \(report.release) \(report.state) \(report.reason)")
        agents[agent].lastReport = report
        send(report, from: agent)
    }
}
