// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Scores a device's samples one after another with its trained model, as the agent does: windows, score, threshold, alarm.
///
///     let scoring = try SampleScoring(model)
///     for sample in recording.samples { print(try scoring.handle(sample).score) }
///
/// There is no other way to score in the lab, so a whole file and a stream give the same numbers.
public final class SampleScoring {
    /// What became of one sample.
    public struct Verdict: Sendable, Hashable {
        /// Of the newest window; 0 before there is one.
        public var score: Double
        /// The level it is held against.
        public var threshold: Double
        /// Where the alarm stands.
        public var phase: AlarmPhase
        /// Whether this sample ended a window.
        public var endsWindow: Bool
    }

    public let model: TrainedModel
    private let scorer: DeviceScorer
    private var windower: Windower
    private var alarm: AlarmState
    private var last: Verdict
    /// The newest window; `nil` before there is one.
    public private(set) var window: SampleWindow?

    /// - Throws: ``DetectionError`` if the model can not be run, or the calibration is another model's.
    public init(_ model: TrainedModel) throws(DetectionError) {
        self.model = model
        // A threshold that does not follow the scores counts no time.
        scorer = try DeviceScorer(
            model: model.artifact, calibration: model.calibration,
            windowsPerDay: model.windows.windowsPerDay(model.contract), recalibrates: false,
            at: Timestamp(milliseconds: 0))
        windower = model.windows.makeWindower(model.contract)
        alarm = AlarmState(policy: model.alarm)
        last = Verdict(score: 0, threshold: model.calibration.threshold, phase: alarm.phase, endsWindow: false)
    }

    /// Takes in the next sample, `[channels]`.
    ///
    /// - Returns: of a sample that ends no window, what was said of the last one.
    public func handle(_ sample: Sample) throws(DetectionError) -> Verdict {
        last.endsWindow = false
        guard let next = windower.push(sample) else { return last }
        window = next
        let scored = try scorer.score(next).window
        _ = alarm.handle(scored)
        last = Verdict(score: scored.score, threshold: scored.threshold, phase: alarm.phase, endsWindow: true)
        return last
    }

    /// What each channel had to do with the newest window's score, largest share first; empty before there is one.
    public func contributions() throws(DetectionError) -> [ChannelContribution] {
        guard let window else { return [] }
        return try scorer.contributions(window, channels: model.contract.channels)
    }
}
