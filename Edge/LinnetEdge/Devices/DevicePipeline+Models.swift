// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetMessaging
import Logging

extension DevicePipeline {
    /// A second model that scores the same windows and raises nothing.
    enum Trial {
        case none
        /// A candidate, before it may become active.
        case shadow(Scorer, ShadowComparison)
        /// The previous model, while the new one is new.
        case probation(Scorer, Probation)
    }

    /// Scores with this model from the next window on. Phase and open alarm stay as they are: a fault does not end because
    /// another model looks at it.
    ///
    /// - Parameter previous: scores along for a while, to tell a bad model from a real fault.
    public func install(_ model: DeviceModel, previous: DeviceModel? = nil) throws(DetectionError) {
        let scorer = try scorer(model)
        // Of another model's threshold there is nothing to go on from.
        scorer.device.restore(thresholdMemory)
        thresholdMemory = nil
        active = scorer
        trial = .none
        if let previous { trial = .probation(try self.scorer(previous), Probation()) }
        drift.restart()
        var metadata: Logger.Metadata = [
            "model": "\(model.version)", "threshold": "\(scorer.device.threshold.level)",
            "linear.reference": "\(model.calibration.linear == nil ? "none" : "beside it")",
        ]
        if let heldOut = model.calibration.heldOut {
            metadata["false.alarms"] =
                "\(heldOut.alarms) in \(heldOut.windows) anomalous windows of \(heldOut.days) days"
        }
        logger.info("model installed", metadata: metadata)
        output(.phaseChanged)
    }

    private func scorer(_ model: DeviceModel) throws(DetectionError) -> Scorer {
        try Scorer(model, windowsPerDay: windowsPerDay, recalibrates: recalibrates, at: clock.now())
    }

    /// Stops scoring: there is no model for this device any more.
    public func uninstall() {
        active = nil
        trial = .none
        output(.phaseChanged)
    }

    /// Lets a candidate score live windows beside the active model.
    public func startShadow(_ candidate: DeviceModel, windows: Int) throws(DetectionError) {
        trial = .shadow(try scorer(candidate), ShadowComparison(neededWindows: windows))
    }

    /// Ends the comparison.
    public func stopShadow() {
        if case .shadow = trial { trial = .none }
    }

    func tryOut(
        _ window: SampleWindow, _ scored: ScoredWindow, by active: Scorer, isFiring: Bool
    ) throws(DetectionError) {
        switch trial {
        case .none: return
        case .shadow(let candidate, var comparison):
            let began = ContinuousClock.now
            let tried = try candidate.device.score(window).window
            let between = ContinuousClock.now
            // Once more, for its time: the first model to look at a window finds the caches cold.
            _ = try active.device.glance(window)
            comparison.add(candidate: tried, active: scored, isFiring: isFiring)
            comparison.add(candidate: began.duration(to: between), active: between.duration(to: .now))
            trial = .shadow(candidate, comparison)
            output(.shadowed(id, candidate.version.digest, comparison))
        case .probation(let previous, var probation):
            let reason = probation.add(new: scored, old: try previous.device.score(window).window)
            trial = probation.isOver || reason != nil ? .none : .probation(previous, probation)
            let digest = active.version.digest
            output(reason.map { .misbehaved(digest, $0, probation.evidence) } ?? .probation(id, digest, probation))
        }
    }

    // MARK: - State

    /// Why the machine does not count as idle; `nil` if it does.
    public func notIdle() -> String? {
        guard let idle else { return "device \(id) has no idle condition in its configuration" }
        return idle.obstacle(uptime: clock.uptime()).map { "device \(id) \($0)" }
    }

    /// What the agent says of this device.
    public func state() -> DeviceState {
        let counters = windower.counters
        return DeviceState(
            id: id, phase: active == nil ? .learning : alarms.state.phase, score: active == nil ? nil : lastScore,
            threshold: active?.device.threshold.level, windows: scoredWindows, alarms: alarmCount,
            missingCells: counters.missingCells, gaps: counters.gaps,
            discardedSamples: counters.discardedSamples, alarmSince: alarms.open?.reportedAt,
            drift: drift.drift?.source,
            weights: active.flatMap { $0.version.isLocal ? nil : $0.device.calibration.weights?.kind ?? .released })
    }
}
