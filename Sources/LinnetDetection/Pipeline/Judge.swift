// SPDX-License-Identifier: Apache-2.0

/// A detector at work in a pipeline, and what makes its scores comparable with those of others.
struct Judge: Sendable {
    var detector: any WindowDetector
    var smoother: ScoreSmoother
    /// For all operating states together, and for those that are known well enough.
    private(set) var calibration: TailCalibration?
    private var regimes: [Int: TailCalibration] = [:]

    init(detector: any WindowDetector, smoother: ScoreSmoother) {
        self.detector = detector
        self.smoother = smoother
    }

    /// Puts held-back scores, in the order of time, on a scale of their own; one a state where there are enough.
    ///
    /// - Parameter held: scores as the detector gave them, and the state of each, `nil` if unknown.
    /// - Returns: how surprising each of them is.
    mutating func calibrate(_ held: [(score: Double, regime: Int?)]) throws(DetectionError) -> [Double] {
        var smoother = smoother
        let scores = held.map { smoother.handle($0.score) }
        calibration = try TailCalibration(fitting: scores)
        for (regime, scores) in Self.byRegime(zip(scores, held).map { ($0, $1.regime) }) {
            regimes[regime] = try TailCalibration(fitting: scores)
        }
        return zip(scores, held).map { surprise($0, regime: $1.regime) }
    }

    /// The values of each state that has enough of them for a tail.
    static func byRegime(_ values: [(Double, Int?)]) -> [(Int, [Double])] {
        var members: [Int: [Double]] = [:]
        for (value, regime) in values { if let regime { members[regime, default: []].append(value) } }
        return members.filter { $0.value.count >= QuantileThreshold.minimumScores }.sorted { $0.key < $1.key }
            .map { ($0.key, $0.value) }
    }

    mutating func surprise(_ window: [Float], regime: Int?) -> Double {
        surprise(smoothed(window), regime: regime)
    }

    mutating func smoothed(_ window: [Float]) -> Double { smoother.handle(detector.score(window)) }

    private func surprise(_ score: Double, regime: Int?) -> Double {
        let own = regime.flatMap { regimes[$0] } ?? calibration
        return own?.surprise(score) ?? 0
    }
}
