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
        case .lookAtMachines: return try await lookAtMachines()
        case .activate(let candidate, let evidence): return try await activate(candidate, evidence)
        case .install(let candidate):
            previous = active
            active = LoadedModel(
                version: candidate.version, artifact: candidate.artifact, calibrations: candidate.calibrations)
            activeRelease = candidate.manifest.release
            let isWatched = try await install(beside: previous)
            watch = isWatched ? ProbationWatch(candidate.version.digest) : nil
        case .refuse(let manifest, let refusal, let evidence): try await refuse(manifest, refusal, evidence)
        case .remember(let manifest):
            activeRelease = manifest.release
            let entry = entry(.activated, manifest, reason: "this version is active already")
            try await writing { [store = parts.store] () throws(EdgeStoreError) in
                try await store.rememberActive(noting: entry)
            }
        case .decline(let manifest, let refusal):
            parts.refusals.count(refusal)
            parts.logger.notice(
                "release not acted on", metadata: ["release": "\(manifest.release)", "reason": "\(refusal)"])
        case .remindLater(let manifest):
            if manifest.release > reminder?.release ?? 0 { reminder = manifest }
        case .report(let manifest, let state, let reason, let evidence):
            try await note(state, of: manifest, reason, evidence)
            var evidence = evidence
            if state == .verified { evidence = await parts.downloads.evidence(of: manifest.model.version.digest) }
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
        var chunks: [Int: Data] = [:]
        try await writing { [store = parts.store] () throws(EdgeStoreError) in
            chunks = try await store.resume(reference.plan)
        }
        let isBegun = await parts.downloads.get(
            reference.plan, for: .candidate, resuming: chunks,
            failed: { [self] refusal in post(.event(.downloadFailed(digest, refusal))) },
            receive: { [self] file in post(.event(.file(digest, file))) })
        if !isBegun { parts.logger.warning("too many downloads; the next release is waited for") }
    }

    private func keep(_ candidate: ModelCandidate) async throws(EdgeStoreError) {
        parts.logger.info("model verified", metadata: ["model": "\(candidate.version)"])
        let evidence = await parts.downloads.evidence(of: candidate.version.digest)
        let entry = entry(.verified, candidate.manifest, evidence: evidence)
        try await writing { [store = parts.store] () throws(EdgeStoreError) in
            try await store.keepCandidate(candidate.stored, noting: entry)
        }
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

    /// Says whether the machines are idle, and what time it is.
    func lookAtMachines() async throws -> [Job] {
        var notIdle: String?
        for device in devices where notIdle == nil { notIdle = await device.notIdle() }
        return try await handle(.lookedAtMachines(parts.clock.now(), notIdle: notIdle))
    }

    private func activate(_ candidate: ModelCandidate, _ evidence: [String: Double]) async throws -> [Job] {
        let digest = candidate.version.digest
        let entry = entry(.activated, candidate.manifest, reason: "it has passed its trials", evidence: evidence)
        do { try await parts.store.activate(candidate.stored, noting: entry) } catch {
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
        let entry = HistoryEntry(
            at: parts.clock.now(), .confirmed, active.version, release: release, evidence: evidence)
        try await writing { [store = parts.store] () throws(EdgeStoreError) in
            try await store.confirm(noting: entry)
        }
        report(release, active.version, .confirmed, "", evidence)
    }

    private func refuse(
        _ manifest: ReleaseManifest, _ refusal: ModelRefusal, _ evidence: [String: Double]
    ) async throws(EdgeStoreError) {
        parts.refusals.count(refusal)
        parts.logger.warning(
            "release refused, the active model stays",
            metadata: [
                "release": "\(manifest.release)", "model": "\(manifest.model.version)", "reason": "\(refusal)",
            ])
        let entry = entry(.refused, manifest, reason: "\(refusal)", evidence: evidence)
        try await writing { [store = parts.store] () throws(EdgeStoreError) in try await store.refuse(noting: entry) }
    }

    private func restorePrevious(_ reason: String, _ evidence: [String: Double]) async throws {
        let release = activeRelease
        guard let bad = active, let good = previous else { return }
        let entry = HistoryEntry(
            at: parts.clock.now(), .reverted, bad.version, release: release, reason: reason, evidence: evidence)
        guard try await parts.store.restorePrevious(noting: entry) else { return }
        parts.logger.error(
            "the new model misbehaves, the previous one is back",
            metadata: ["model": "\(good.version)", "model.removed": "\(bad.version)", "reason": "\(reason)"])
        try await continueWith(good, release: 0)
        report(release, bad.version, .reverted, "taken back after the switch: \(reason)", evidence)
    }

    private func goBack(_ manifest: ReleaseManifest) async throws {
        guard let good = previous else { return }
        let reason = "release \(manifest.release) takes back \(active?.version.description ?? "the active model")"
        let entry = HistoryEntry(
            at: parts.clock.now(), .returned, active?.version, release: manifest.release,
            rollout: rollout(of: manifest), reason: reason)
        guard try await parts.store.restorePrevious(noting: entry, by: manifest.release) else { return }
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

    // MARK: - History

    /// Notes what changes nothing else on the disk; the other states are noted together with what they change.
    private func note(
        _ state: RolloutState, of manifest: ReleaseManifest, _ reason: String, _ evidence: [String: Double]
    ) async throws(EdgeStoreError) {
        let step: HistoryEntry.Step
        switch state {
        case .downloading: step = .assigned
        case .shadowing: step = .shadowing
        case .selfTesting: step = .selfTesting
        case .ready: step = .ready
        case .verified, .activated, .confirmed, .refused, .reverted: return
        }
        let entry = entry(
            step, manifest, reason: step == .assigned ? Self.provenance(of: manifest) : reason, evidence: evidence)
        try await writing { [store = parts.store] () throws(EdgeStoreError) in try await store.note(entry) }
    }

    private func entry(
        _ step: HistoryEntry.Step, _ manifest: ReleaseManifest, reason: String = "", evidence: [String: Double] = [:]
    ) -> HistoryEntry {
        HistoryEntry(
            at: parts.clock.now(), step, manifest.model.version, release: manifest.release,
            rollout: rollout(of: manifest), reason: reason, evidence: evidence)
    }

    private func rollout(of manifest: ReleaseManifest) -> Int? {
        order?.release == manifest.release ? order?.rollout : nil
    }

    private static func provenance(of manifest: ReleaseManifest) -> String {
        let made = "made in round \(manifest.round) by \(manifest.participants) participants"
        let source = manifest.round > 0 ? made : "brought in by \(manifest.origin ?? "nobody")"
        return source + (manifest.reverts.map { "; takes back \($0.short)" } ?? "")
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
