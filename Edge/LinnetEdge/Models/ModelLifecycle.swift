// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetMessaging

/// Decides how a released model becomes the active one, or why it does not.
///
///     manifest ─▶ fetching ─▶ calibrating ─▶ shadowing ─▶ selfTesting ─▶ ready ─▶ activating ─▶ idle
///                    │             │ waiting for windows      │
///                    └─────────────┴───────── refused ────────┘
///
/// Nothing of this is stored but the file of the candidate and the number of the last release acted on: after a restart the
/// broker delivers the retained manifest again, and the same steps are taken anew, without the download. A newer
/// manifest takes the place of a candidate that is not on trial yet, and waits for the end of a trial. Results name the
/// version they are of, so that what comes too late from a superseded candidate changes nothing.
public struct ModelLifecycle: Sendable, Equatable {
    /// Where the candidate stands.
    public enum Phase: Sendable, Equatable {
        /// There is none.
        case idle
        /// Its file is gathered.
        case fetching(ReleaseManifest)
        /// Thresholds are fitted on the devices' own windows.
        case calibrating(ModelCandidate)
        /// No device has enough windows to calibrate on yet.
        case waitingForWindows(ModelCandidate)
        /// It scores live windows beside the active model, and raises nothing.
        case shadowing(ModelCandidate)
        /// Faults are laid over the devices' own windows.
        case selfTesting(ModelCandidate, evidence: [String: Double])
        /// It has passed its trials, and the switch waits for what the release says; with what that was when last told.
        case ready(ModelCandidate, evidence: [String: Double], obstacle: String?)
        /// The swap is being written.
        case activating(ModelCandidate, evidence: [String: Double])
    }

    public let cohort: CohortID
    public let contract: SignalContract
    public private(set) var phase: Phase = .idle
    /// Highest release that was activated or refused.
    public private(set) var lastRelease: Int
    public private(set) var active: ModelVersion?
    public private(set) var previous: ModelVersion?

    /// Continues from what the store holds.
    public init(contract: SignalContract, lastRelease: Int, active: ModelVersion?, previous: ModelVersion?) {
        self.contract = contract
        cohort = CohortID(of: contract)
        self.lastRelease = lastRelease
        self.active = active
        self.previous = previous
    }

    /// The version that may become active.
    public var candidate: ModelVersion? {
        switch phase {
        case .idle: nil
        case .fetching(let manifest): manifest.model.version
        case .calibrating(let candidate), .waitingForWindows(let candidate), .shadowing(let candidate),
            .selfTesting(let candidate, _), .ready(let candidate, _, _), .activating(let candidate, _):
            candidate.version
        }
    }

    private var release: Int? {
        switch phase {
        case .idle: nil
        case .fetching(let manifest): manifest.release
        case .calibrating(let candidate), .waitingForWindows(let candidate), .shadowing(let candidate),
            .selfTesting(let candidate, _), .ready(let candidate, _, _), .activating(let candidate, _):
            candidate.manifest.release
        }
    }

    /// Takes in what has happened.
    ///
    /// - Returns: what to do, in order. An event that does not fit the phase changes nothing.
    public mutating func handle(_ event: ModelEvent) -> [ModelAction] {
        switch event {
        case .manifest(let manifest, let time): return consider(manifest, at: time)
        case .becameActive(let version):
            previous = active
            active = version
            return []
        case .misbehaved(let digest, let reason, let evidence):
            guard active?.digest == digest, let previous else { return [] }
            active = previous
            self.previous = nil
            return [.restorePrevious(reason, evidence)]
        case .file, .downloadFailed, .calibrated, .tooFewWindows, .calibrationFailed, .windowsStored, .shadowed,
            .selfTested,
            .lookedAtMachines, .activated, .activationFailed:
            return advance(event)
        }
    }

    // MARK: - Manifests

    private mutating func consider(_ manifest: ReleaseManifest, at time: Timestamp) -> [ModelAction] {
        guard manifest.cohort == cohort else {
            return [.decline(manifest, .wrongCohort(found: manifest.cohort, own: cohort))]
        }
        // The broker hands out the retained manifest at every connect: the one just acted on is no news.
        if manifest.release == lastRelease || manifest.release == release { return [] }
        guard manifest.release > max(lastRelease, release ?? 0) else {
            return [.decline(manifest, .replayed(release: manifest.release, last: max(lastRelease, release ?? 0)))]
        }
        if let end = manifest.expiresAt, time >= end {
            return [.decline(manifest, .expired(release: manifest.release, at: end))]
        }
        // A candidate on trial has its trial to the end: where releases come faster than trials end, a device that began
        // anew with each of them would never leave its old model. Only what is taken back has no right to one.
        var actions: [ModelAction] = []
        if manifest.reverts != nil, manifest.reverts == candidate?.digest {
            actions = withdraw(by: manifest)
        } else {
            switch phase {
            case .shadowing, .selfTesting, .activating: return [.remindLater(manifest)]
            case .idle, .fetching, .calibrating, .waitingForWindows, .ready: actions = stopFetching()
            }
        }
        guard manifest.model.plan.bytes <= ModelDownloads.maximumBytes else {
            let refusal = ModelRefusal.tooLarge(
                bytes: manifest.model.plan.bytes, limit: ModelDownloads.maximumBytes)
            return actions + refuse(manifest, refusal)
        }
        if manifest.model.version.digest == active?.digest {
            lastRelease = manifest.release
            phase = .idle
            return actions + [
                .remember(manifest),
                .report(manifest, .activated, "this version is active already", [:]), .confirm(manifest),
            ]
        }
        if let active, manifest.reverts == active.digest, manifest.model.version.digest == previous?.digest {
            lastRelease = manifest.release
            self.active = previous
            previous = nil
            phase = .idle
            return actions + [
                .goBack(manifest), .report(manifest, .activated, "back from version \(active.number)", [:]),
                .confirm(manifest),
            ]
        }
        phase = .fetching(manifest)
        actions += [.report(manifest, .downloading, "", [:]), .fetch(manifest.model)]
        return actions
    }

    /// Lets the candidate go that a newer release takes back.
    private mutating func withdraw(by manifest: ReleaseManifest) -> [ModelAction] {
        let refusal = ModelRefusal.withdrawn(release: manifest.release)
        switch phase {
        case .idle: return []
        case .fetching(let withdrawn): return stopFetching() + refuse(withdrawn, refusal)
        case .shadowing(let withdrawn): return [.stopShadow] + refuse(withdrawn.manifest, refusal)
        case .calibrating(let withdrawn), .waitingForWindows(let withdrawn), .selfTesting(let withdrawn, _),
            .ready(let withdrawn, _, _), .activating(let withdrawn, _):
            return refuse(withdrawn.manifest, refusal)
        }
    }

    private func stopFetching() -> [ModelAction] {
        guard case .fetching(let manifest) = phase else { return [] }
        return [.stopFetching(manifest.model.version.digest)]
    }

    // MARK: - Steps

    private mutating func advance(_ event: ModelEvent) -> [ModelAction] {
        switch (phase, event) {
        case (.fetching(let manifest), .file(let digest, let bytes)) where digest == manifest.model.version.digest:
            return verify(bytes, manifest)
        case (.fetching(let manifest), .downloadFailed(let digest, let refusal))
        where digest == manifest.model.version.digest:
            return refuse(manifest, refusal)
        case (.calibrating(var candidate), .calibrated(let digest, let calibrations))
        where digest == candidate.version.digest:
            candidate.calibrations = calibrations
            return afterCalibration(candidate)
        case (.calibrating(let candidate), .tooFewWindows(let digest)) where digest == candidate.version.digest:
            phase = .waitingForWindows(candidate)
            return []
        case (.waitingForWindows(let candidate), .windowsStored):
            phase = .calibrating(candidate)
            return [.calibrate(candidate)]
        case (.calibrating(let candidate), .calibrationFailed(let digest, let reason))
        where digest == candidate.version.digest:
            return refuse(candidate.manifest, .calibration(reason))
        case (.shadowing(let candidate), .shadowed(let digest, let verdict)) where digest == candidate.version.digest:
            guard verdict.passes else {
                return [.stopShadow] + refuse(candidate.manifest, .shadow(verdict.reason), verdict.evidence)
            }
            phase = .selfTesting(candidate, evidence: verdict.evidence)
            return [
                .stopShadow, .report(candidate.manifest, .selfTesting, verdict.reason, verdict.evidence),
                .selfTest(candidate),
            ]
        case (.selfTesting(let candidate, let evidence), .selfTested(let digest, let verdict))
        where digest == candidate.version.digest:
            let all = evidence.merging(verdict.evidence) { _, new in new }
            guard verdict.passes else { return refuse(candidate.manifest, .selfTest(verdict.reason), all) }
            // Where nothing watches yet, nothing is disturbed by the switch.
            guard candidate.manifest.switchWhen != nil, active != nil else { return activate(candidate, all) }
            phase = .ready(candidate, evidence: all, obstacle: nil)
            return [.lookAtMachines]
        case (.ready(let candidate, let evidence, let told), .lookedAtMachines(let time, let notIdle)):
            guard let obstacle = candidate.manifest.switchWhen?.obstacle(at: time, notIdle: notIdle) else {
                return activate(candidate, evidence)
            }
            guard obstacle != told else { return [] }
            phase = .ready(candidate, evidence: evidence, obstacle: obstacle)
            return [.report(candidate.manifest, .ready, obstacle, evidence)]
        case (.activating(let candidate, let evidence), .activated(let digest))
        where digest == candidate.version.digest:
            return finish(candidate, evidence)
        case (.activating(let candidate, let evidence), .activationFailed(let digest))
        where digest == candidate.version.digest:
            return [.activate(candidate, evidence)]
        default:
            return []
        }
    }

    private mutating func activate(_ candidate: ModelCandidate, _ evidence: [String: Double]) -> [ModelAction] {
        phase = .activating(candidate, evidence: evidence)
        return [.activate(candidate, evidence)]
    }

    private mutating func verify(_ bytes: Data, _ manifest: ReleaseManifest) -> [ModelAction] {
        do throws(ModelRefusal) {
            let candidate = try ModelCandidate.verify(bytes, for: manifest, contract: contract)
            phase = .calibrating(candidate)
            return [.keep(candidate), .report(manifest, .verified, "", [:]), .calibrate(candidate)]
        } catch {
            return refuse(manifest, error)
        }
    }

    private mutating func afterCalibration(_ candidate: ModelCandidate) -> [ModelAction] {
        // Without an active model nobody watches: every window spent on comparing is one without detection.
        // What the fleet goes back to is known to be good, and what it comes from is no measure.
        guard active != nil, candidate.manifest.shadowWindows > 0, candidate.manifest.reverts == nil else {
            let evidence = ["shadow.windows": 0.0]
            phase = .selfTesting(candidate, evidence: evidence)
            return [.report(candidate.manifest, .selfTesting, "", evidence), .selfTest(candidate)]
        }
        phase = .shadowing(candidate)
        return [.report(candidate.manifest, .shadowing, "", [:]), .startShadow(candidate)]
    }

    private mutating func finish(_ candidate: ModelCandidate, _ evidence: [String: Double]) -> [ModelAction] {
        lastRelease = candidate.manifest.release
        previous = active
        active = candidate.version
        phase = .idle
        return [
            .install(candidate), .report(candidate.manifest, .activated, "", evidence), .confirm(candidate.manifest),
        ]
    }

    private mutating func refuse(
        _ manifest: ReleaseManifest, _ refusal: ModelRefusal, _ evidence: [String: Double] = [:]
    ) -> [ModelAction] {
        lastRelease = manifest.release
        phase = .idle
        return [.refuse(manifest, refusal, evidence), .report(manifest, .refused, "\(refusal)", evidence)]
    }
}
