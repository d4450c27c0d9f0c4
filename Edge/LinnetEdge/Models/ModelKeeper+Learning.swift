// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetMessaging
import LinnetNN
import Logging

extension ModelKeeper {
    /// Newest windows of a device that thresholds are fitted on, at most.
    private static let calibrationWindows = 10_000

    /// Windows of each device that has enough of them, oldest first.
    func trainingData(
        newest limit: Int, atLeast minimum: Int = Calibration.minimumWindows
    ) async throws(EdgeStoreError) -> TrainingData {
        try await parts.trainingData(newest: limit, atLeast: minimum)
    }

    // MARK: - Learning alone

    func learn(_ decision: LocalLearning.Decision) -> Job {
        let base = decision == .again ? active : nil
        let seed = parts.seed
        parts.logger.info(
            "learning from this agent's own windows",
            metadata: [
                "windows": "\(windowCounts.values.reduce(0, +))", "from": "\(base?.version.description ?? "nothing")",
            ])
        return { [self, learner] in
            do {
                let data = try await trainingData(newest: parts.configuration.learning.storedWindows)
                let result = try await parts.thread.run { pause in
                    try learner.learn(data, from: base?.artifact, seed: seed) { pause() }
                }
                post(.learned(result, base: base?.version, failure: ""))
            } catch let error as EdgeStoreError {
                throw error
            } catch {
                post(.learned(nil, base: base?.version, failure: "\(error)"))
            }
        }
    }

    func finishLearning(
        _ result: LocalLearner.Result?, base: ModelVersion?, failure: String
    ) async throws -> [Job] {
        let uptime = parts.clock.uptime()
        guard let result else {
            learning.ended(succeeded: false, uptime: uptime)
            parts.logger.warning("learning failed and is tried again later", metadata: ["reason": "\(failure)"])
            return []
        }
        // A release may have come first.
        guard active?.version == base else {
            learning.ended(succeeded: true, uptime: uptime)
            return []
        }
        // The first model is used in any case: one that finds some faults is better than none that finds any.
        guard result.selfTest.passes || base == nil else {
            learning.ended(succeeded: false, uptime: uptime)
            parts.logger.notice(
                "the newly learned model is not used", metadata: ["reason": "\(result.selfTest.reason)"])
            return []
        }
        let reason = "held-out error \(result.report.bestValidationLoss); \(result.selfTest.reason)"
        let entry = HistoryEntry(
            at: parts.clock.now(), .learned, result.model.version, reason: reason, evidence: result.selfTest.evidence)
        do { try await parts.store.activate(result.model, noting: entry) } catch {
            guard error.isTransient else { throw error }
            learning.ended(succeeded: false, uptime: uptime)
            return []
        }
        learning.ended(succeeded: true, uptime: uptime)
        let version = result.model.version
        parts.logger.notice(
            result.selfTest.passes ? "local model learned" : "local model learned, though it failed its self-test",
            metadata: ["model": "\(version)", "reason": "\(reason)"])
        previous = active
        active = LoadedModel(version: version, artifact: result.artifact, calibrations: result.model.calibrations)
        (activeRelease, watch) = (0, nil)
        try await install(beside: previous)
        return try await handle(.becameActive(version))
    }

    // MARK: - Devices that come later

    /// Calibrates devices that had too few windows when the active model was installed: for none at all, or for a threshold
    /// of their own.
    func calibrateLateDevices() -> Job? {
        guard let active, !isCalibrating, case .idle = lifecycle.phase else { return nil }
        let needed = max(Calibration.minimumWindows, parts.configuration.learning.minimumWindows)
        let first = min(needed, LocalLearner.windowsToCalibrate(active.artifact))
        let late = devices.map(\.id).filter { device in
            let own = active.calibrations[device]
            return own?.isProvisional ?? true && windowCounts[device, default: 0] >= (own == nil ? first : needed)
        }
        guard !late.isEmpty else { return nil }
        isCalibrating = true
        return { [self] in
            let all = try await trainingData(newest: Self.calibrationWindows, atLeast: first)
            let data = TrainingData(
                Dictionary(
                    uniqueKeysWithValues: all.devices.filter { late.contains($0.id) }.map { ($0.id, $0.windows) }))
            let own = try await parts.store.ownLayers()
            do {
                let calibrations = try await fit(active.artifact, data, own)
                post(.calibrated(active.version.digest, calibrations))
            } catch {
                parts.logger.warning("devices not calibrated", metadata: ["reason": "\(error)"])
                post(.calibrated(active.version.digest, [:]))
            }
        }
    }

    func finishCalibration(_ digest: Digest, _ calibrations: [DeviceID: Calibration]) async throws -> [Job] {
        isCalibrating = false
        guard active?.version.digest == digest, !calibrations.isEmpty else { return [] }
        do {
            guard try await parts.store.add(calibrations, to: digest, at: parts.clock.now()) else { return [] }
        } catch {
            guard error.isTransient else { throw error }
            return []
        }
        active?.calibrations.merge(calibrations) { _, new in new }
        for device in devices where calibrations[device.id] != nil {
            if let model = active?.model(of: device.id) { try await device.install(model) }
        }
        return []
    }

    // MARK: - Candidates

    func calibrate(_ candidate: ModelCandidate) -> Job {
        { [self] in
            let digest = candidate.version.digest
            let data = try await trainingData(
                newest: Self.calibrationWindows, atLeast: LocalLearner.windowsToCalibrate(candidate.artifact))
            guard data.count > 0 else { return post(.event(.tooFewWindows(digest))) }
            let own = try await parts.store.ownLayers()
            do {
                let calibrations = try await fit(candidate.artifact, data, own)
                post(.event(.calibrated(digest, calibrations)))
            } catch {
                post(.event(.calibrationFailed(digest, "\(error)")))
            }
        }
    }

    /// Longest that devices look for weights of their own, in seconds.
    private static let personalSeconds = 300

    private func fit(
        _ artifact: ModelArtifact, _ data: TrainingData, _ own: OwnLayers?
    ) async throws -> [DeviceID: Calibration] {
        let (learner, seed) = (learner, parts.seed)
        guard parts.configuration.learning.choosesWeights else {
            return try await parts.thread.run { _ in try learner.calibrate(artifact, data, own: own) }
        }
        return try await parts.thread.run(maximumSeconds: Self.personalSeconds) { pause in
            try learner.personalize(artifact, data, own: own, seed: seed) { pause() }
        }
    }

    func selfTest(_ candidate: ModelCandidate) -> Job {
        let (replaced, isReleased) = (active?.artifact, active?.version.isLocal == false)
        return { [self, learner] in
            let digest = candidate.version.digest
            let data = try await trainingData(newest: Self.calibrationWindows)
            let seed = parts.seed
            let own = try await parts.store.ownLayers()
            let verdict: ModelVerdict
            do {
                verdict = try await parts.thread.run { _ in
                    try learner.selfTest(
                        candidate.artifact, candidate.calibrations, data, replaced: replaced,
                        isReplacedReleased: isReleased, own: own, seed: seed)
                }
            } catch {
                verdict = ModelVerdict(passes: false, reason: "\(error)", evidence: [:])
            }
            post(.event(.selfTested(digest, verdict)))
        }
    }
}
