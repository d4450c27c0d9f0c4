// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// One change of a device's threshold: the evidence that is kept of it.
public struct Recalibration: Sendable, Hashable, Codable {
    public var at: Timestamp
    public var from: Double
    public var to: Double
    /// What the scores asked for.
    public var wanted: Double
    /// Scores that it was fitted on, and how many of them counted for less than they were.
    public var scores: Int
    public var clipped: Int
}

/// The threshold of one device at work: as calibrated, or following the scores within bounds.
///
///     var threshold = DeviceThreshold(calibration, windowsPerDay: 21_600, at: now)
///     let level = threshold.level                        // what this window is held against
///     let recalibration = threshold.handle(score, at: window.end)
///
/// Once in an hour of windows a fixed threshold is fitted anew on recent scores, spread over a day; SPOT and DSPOT follow with
/// every score. Scores above the level count for little more than it, and the level moves within ``BoundedLevel``, so a
/// fault, slow or sent by somebody, is not learned as normal; yet a device whose normal has changed does not alarm for ever.
public struct DeviceThreshold: Sendable, Hashable {
    /// Scores that are kept, spread over a day, and how many a fit needs.
    static let capacity = 1000
    static let minimumScores = 250
    static let betweenFits: Int64 = 3_600_000
    /// How many levels a score may count for.
    static let clip = 1.1
    /// Changes of which the evidence is kept, the newest; smaller ones than this share are none.
    static let evidenceKept = 32
    static let leastChange = 0.01

    private let exceedance: Double
    private let stride: Int
    private let follows: Bool
    private var bounded: BoundedLevel
    private var peaks: PeaksOverThreshold?
    private var ring: [Double] = []
    private var clipped: [Bool] = []
    private var oldest = 0
    private var untilNext = 0
    private var fittedAt: Timestamp
    /// The newest changes, oldest first.
    public private(set) var evidence: [Recalibration] = []

    /// - Parameters:
    ///   - windowsPerDay: how many windows the device scores in 24 hours.
    ///   - follows: whether it is recalibrated at all.
    ///   - time: from when it counts.
    public init(_ calibration: Calibration, windowsPerDay: Double, follows: Bool = true, at time: Timestamp) {
        let perDay = windowsPerDay.isFinite && windowsPerDay >= 1 ? min(windowsPerDay, 1e9) : 1
        exceedance = min(max(calibration.expectedFalseAlarmsPerDay / perDay, 1e-12), 0.5)
        stride = max(1, Int(perDay / Double(Self.capacity)))
        // An error is no surprise: its scale is the model's, not one that bounds can be set for.
        self.follows = follows && calibration.tail != nil && calibration.threshold > 0
        peaks = calibration.peaks
        bounded = BoundedLevel(calibration.threshold, at: time)
        fittedAt = time
    }

    /// What the next window is held against.
    public var level: Double { bounded.level }

    /// Goes on from where the same calibration's threshold stood before a restart.
    public mutating func restore(_ memory: ThresholdMemory) {
        guard memory.bounded.first == bounded.first else { return }
        (bounded, evidence) = (memory.bounded, Array(memory.evidence.suffix(Self.evidenceKept)))
    }

    /// What a restart goes on from.
    public var memory: ThresholdMemory { ThresholdMemory(bounded: bounded, evidence: evidence) }

    /// Takes in the score of a window.
    ///
    /// - Returns: the change, if the level was fitted anew and has moved.
    public mutating func handle(_ score: Double, at time: Timestamp) -> Recalibration? {
        guard follows else { return nil }
        if peaks != nil {
            _ = peaks?.handle(score)
            bounded.move(towards: peaks?.threshold ?? level, at: time)
            return nil
        }
        keep(score)
        let elapsed = time.milliseconds(since: fittedAt)
        // A clock that was set back begins the hour anew.
        if elapsed < 0 { fittedAt = time }
        guard elapsed >= Self.betweenFits, ring.count >= Self.minimumScores,
            // There are enough of them, which is all that can go wrong.
            let wanted = try? QuantileThreshold.fit(scores: ring, exceedance: exceedance)
        else { return nil }
        fittedAt = time
        let before = level
        bounded.move(towards: wanted, at: time)
        guard abs(level - (evidence.last?.to ?? bounded.first)) > Self.leastChange * before else { return nil }
        let change = Recalibration(
            at: time, from: evidence.last?.to ?? bounded.first, to: level, wanted: wanted, scores: ring.count,
            clipped: clipped.count { $0 })
        if evidence.count == Self.evidenceKept { evidence.removeFirst() }
        evidence.append(change)
        return change
    }

    private mutating func keep(_ score: Double) {
        guard untilNext == 0 else {
            untilNext -= 1
            return
        }
        untilNext = stride - 1
        let most = level * Self.clip
        let isClipped = !(score <= most)
        if ring.count < Self.capacity {
            ring.append(isClipped ? most : score)
            clipped.append(isClipped)
        } else {
            ring[oldest] = isClipped ? most : score
            clipped[oldest] = isClipped
            oldest = (oldest + 1) % Self.capacity
        }
    }
}

/// What is kept of a device's threshold over a restart.
public struct ThresholdMemory: Sendable, Hashable, Codable {
    var bounded: BoundedLevel
    /// The newest changes, oldest first.
    public var evidence: [Recalibration]
}
