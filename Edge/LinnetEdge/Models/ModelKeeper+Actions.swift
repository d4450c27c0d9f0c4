// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetMessaging
import Logging

extension ModelKeeper {
    /// Carries out one action.
    ///
    /// - Returns: what of it takes long.
    func perform(_ action: ModelAction) async throws -> [Job] {
        switch action {
        case .fetch(let reference): try await fetch(reference)
        case .stopFetching(let digest): await parts.downloads.forget(digest, for: .candidate)
        case .keep(let candidate): try await keep(candidate)
        case .calibrate(let candidate): return [calibrate(candidate)]
        case .startShadow(let candidate): try await startShadow(candidate)
        case .stopShadow:
            trial = nil
            for device in devices { await device.stopShadow() }
        case .selfTest(let candidate): return [selfTest(candidate)]
        case .activate(let candidate): return try await activate(candidate)
        case .install(let candidate):
            previous = active
            active = LoadedModel(
                version: candidate.version, artifact: candidate.artifact, calibrations: candidate.calibrations)
            activeRelease = candidate.manifest.release
            let isWatched = try await install(beside: previous)
            watch = isWatched ? ProbationWatch(candidate.version.digest) : nil
        case .refuse(let manifest, let refusal): try await refuse(manifest, refusal)
        case .remember(let manifest):
            activeRelease = manifest.release
            try await writing { [store = parts.store] () throws(EdgeStoreError) in
                try await store.rememberActive(release: manifest.release)
            }
        case .decline(let manifest, let refusal):
            parts.logger.notice(
                "release not acted on", metadata: ["release": "\(manifest.release)", "reason": "\(refusal)"])
        case .remindLater(let manifest):
            if manifest.release > reminder?.release ?? 0 { reminder = manifest }
        case .report(let manifest, let state, let reason, let evidence):
            report(manifest.release, manifest.model.version, state, reason, evidence)
        case .restorePrevious(let reason, let evidence): try await restorePrevious(reason, evidence)
        case .goBack(let manifest): try await goBack(manifest)
        case .confirm: if watch == nil { try await confirm([:]) }
        }
        return []
    }

    private func fetch(_ reference: ModelReference) async throws(EdgeStoreError) {
        let digest = reference.version.digest
        for slot in ModelSlot.allCases {
            if let stored = try await parts.store.model(in: slot), stored.version.digest == digest {
                return post(.event(.file(digest, stored.bytes)))
            }
        }
        let isBegun = await parts.downloads.get(reference.plan, for: .candidate) { [self] file in
            post(.event(.file(digest, file)))
        }
        if !isBegun { parts.logger.warning("too many downloads; the next release is waited for") }
    }

    private func keep(_ candidate: ModelCandidate) async throws(EdgeStoreError) {
        parts.logger.info("model verified", metadata: ["model": "\(candidate.version)"])
        let (store, now) = (parts.store, parts.clock.now())
        try await writing { () throws(EdgeStoreError) in try await store.keepCandidate(candidate.stored, at: now) }
    }

    /// Writes what can be done without: a full disk is no reason to stop.
    private func writing(_ body: () async throws(EdgeStoreError) -> Void) async throws(EdgeStoreError) {
        do { try await body() } catch {
            guard error.isTransient else { throw error }
            parts.logger.warning("not stored", metadata: ["reason": "\(error)"])
        }
    }

    private func startShadow(_ candidate: ModelCandidate) async throws {
        trial = ShadowTrial(candidate.version.digest)
        let loaded = LoadedModel(
            version: candidate.version, artifact: candidate.artifact, calibrations: candidate.calibrations)
        for device in devices {
            guard let model = loaded.model(of: device.id) else { continue }
            try await device.startShadow(model, windows: candidate.manifest.shadowWindows)
        }
    }

    private func activate(_ candidate: ModelCandidate) async throws -> [Job] {
        let digest = candidate.version.digest
        do {
            try await parts.store.activate(
                candidate.stored, release: candidate.manifest.release,
                reason: "release \(candidate.manifest.release), round \(candidate.manifest.round)",
                at: parts.clock.now())
        } catch {
            guard error.isTransient else { throw error }
            parts.logger.error("the disk is full; the new model waits until there is room")
            unwritten = digest
            return []
        }
        parts.logger.notice(
            "model activated",
            metadata: ["model": "\(candidate.version)", "model.previous": "\(active?.version.description ?? "none")"])
        return try await handle(.activated(digest))
    }

    /// Hands the active model to every device that is calibrated for it.
    ///
    /// - Returns: whether a device scores along with the old one for a while.
    @discardableResult
    func install(beside old: LoadedModel?) async throws -> Bool {
        var isWatched = false
        for device in devices {
            if let model = active?.model(of: device.id) {
                let before = old?.model(of: device.id)
                isWatched = isWatched || before != nil
                try await device.install(model, previous: before)
            } else {
                await device.uninstall()
            }
        }
        return isWatched
    }

    /// Notes and reports that the active model stays.
    func confirm(_ evidence: [String: Double]) async throws {
        guard let active, activeRelease > confirmedRelease else { return }
        confirmedRelease = activeRelease
        let release = activeRelease
        parts.logger.info("model confirmed", metadata: ["model": "\(active.version)", "release": "\(release)"])
        try await writing { [store = parts.store] () throws(EdgeStoreError) in
            try await store.confirm(release: release)
        }
        report(release, active.version, .confirmed, "", evidence)
    }

    private func refuse(_ manifest: ReleaseManifest, _ refusal: ModelRefusal) async throws(EdgeStoreError) {
        parts.logger.warning(
            "release refused, the active model stays",
            metadata: [
                "release": "\(manifest.release)", "model": "\(manifest.model.version)", "reason": "\(refusal)",
            ])
        let (store, now) = (parts.store, parts.clock.now())
        try await writing { () throws(EdgeStoreError) in
            try await store.refuse(
                release: manifest.release, version: manifest.model.version, reason: "\(refusal)", at: now)
        }
    }

    private func restorePrevious(_ reason: String, _ evidence: [String: Double]) async throws {
        let release = activeRelease
        guard let bad = active, let good = previous,
            try await parts.store.restorePrevious(reason: reason, at: parts.clock.now())
        else { return }
        parts.logger.error(
            "the new model misbehaves, the previous one is back",
            metadata: ["model": "\(good.version)", "model.removed": "\(bad.version)", "reason": "\(reason)"])
        try await continueWith(good, release: 0)
        report(release, bad.version, .reverted, "taken back after the switch: \(reason)", evidence)
    }

    private func goBack(_ manifest: ReleaseManifest) async throws {
        guard let good = previous else { return }
        let reason = "release \(manifest.release) takes back \(active?.version.description ?? "the active model")"
        guard
            try await parts.store.restorePrevious(
                reason: reason, release: manifest.release, at: parts.clock.now())
        else { return }
        parts.logger.notice("model taken back", metadata: ["model": "\(good.version)", "reason": "\(reason)"])
        try await continueWith(good, release: manifest.release)
    }

    private func continueWith(_ model: LoadedModel, release: Int) async throws {
        active = model
        previous = nil
        watch = nil
        activeRelease = release
        try await install(beside: nil)
    }

    // MARK: - Reports

    private func report(
        _ release: Int, _ version: ModelVersion, _ state: RolloutState, _ reason: String, _ evidence: [String: Double]
    ) {
        let report = RolloutReport(
            agent: parts.configuration.agent, release: release, version: version, state: state, reason: reason,
            evidence: evidence, at: parts.clock.now())
        lastReport = report
        reports.post(report)
    }

    /// Tells what happens, one report after the other: what comes second must not arrive first.
    ///
    /// Progress reports are told once, as well as can be; the agent's retained state says what is.
    func tellReports() async {
        guard let bus = parts.bus else { return }
        for await report in reports.stream {
            do {
                let topic = parts.topics.text(.rollout(report.agent, release: report.release))
                try await bus.publish(Message(topic: topic, payload: try Wire.encode(report), expirySeconds: 3600))
            } catch {
                parts.logger.debug("progress not reported", metadata: ["reason": "\(error)"])
            }
        }
    }
}
