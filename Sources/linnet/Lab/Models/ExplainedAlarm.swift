// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// One alarm of a recording with what its worst window's channels and samples had to do with it.
struct ExplainedAlarm: Encodable {
    struct Share: Encodable {
        var channel: String
        var share: Double
        var observed: Double
        var expected: Double
    }

    /// Times of the first and the last row under alarm, as the recording has them.
    var start: String
    var end: String
    /// Of the window with the highest score.
    var peak: String
    var score: Double
    var threshold: Double
    var method: AttributionMethod
    var channels: [Share]
    /// The share of each sample of that window, oldest first.
    var lags: [Double]
}

/// Gathers the alarms of a recording, and explains each by its worst window.
struct AlarmExplanations {
    private let explainer: WindowExplainer
    private let method: AttributionMethod
    private(set) var alarms: [ExplainedAlarm] = []
    private var open: (start: String, end: String, peak: String, verdict: SampleScoring.Verdict, window: SampleWindow)?

    init(_ model: TrainedModel, by method: AttributionMethod) throws(DetectionError) {
        explainer = try WindowExplainer(model)
        self.method = method
    }

    /// Takes in the next row.
    mutating func add(
        _ verdict: SampleScoring.Verdict, time: String, window: SampleWindow?
    ) throws(DetectionError) {
        guard verdict.phase == .firing, let window else { return try close() }
        guard var alarm = open else {
            open = (time, time, time, verdict, window)
            return
        }
        alarm.end = time
        if verdict.score > alarm.verdict.score { (alarm.peak, alarm.verdict, alarm.window) = (time, verdict, window) }
        open = alarm
    }

    /// Ends the alarm that is open, if one is.
    mutating func close() throws(DetectionError) {
        guard let alarm = open else { return }
        open = nil
        let explanation = try explainer.explain(alarm.window, by: method)
        alarms.append(
            ExplainedAlarm(
                start: alarm.start, end: alarm.end, peak: alarm.peak, score: alarm.verdict.score,
                threshold: alarm.verdict.threshold, method: method,
                channels: explanation.channels.map {
                    .init(channel: $0.channel, share: $0.share, observed: $0.observed, expected: $0.expected)
                }, lags: explanation.lags))
    }
}
