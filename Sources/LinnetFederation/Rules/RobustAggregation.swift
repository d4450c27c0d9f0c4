// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// The rule that Linnet uses unless told otherwise: norm cap, nearest-neighbour mixing, trimmed mean.
///
/// In order, with n contributors of whom `f = ⌊share · n⌋` may be malicious:
/// 1. an update longer than ``capFactor`` times the median length is shortened to that (see ``NormClipping``);
/// 2. each update becomes the mean of its `n - f` nearest (see ``NearestNeighbourMixing``);
/// 3. each parameter is the mean of the values left without the f smallest and the f largest (see ``TrimmedMean``).
///
/// Mixing in front of a trimmed mean is the combination for which Allouah et al. 2023 (arXiv 2302.01772, theorem 1) show
/// the best possible order of error where honest agents differ.
///
/// Where that can not work, it falls back, and ``name`` says so:
/// - below ``minimumRobust`` contributors, where f would be 0 or a majority can not be told, to steps 1 and FedAvg with
///   capped weights: of three, nobody can say which two are right;
/// - above ``maximumMixed`` contributors to steps 1 and 3, since mixing compares all with all.
///
/// - Complexity: O(P n²); O(P n log² n) above ``maximumMixed``. Memory for a few blocks and 16 n² bytes.
public struct RobustAggregation: AggregationStrategy {
    /// What is done with a number of contributors.
    public enum Stage: String, Sendable, Equatable, CaseIterable {
        case cappedAverage = "norm cap + fedavg"
        case mixedTrimmedMean = "norm cap + mixing + trimmed mean"
        case trimmedMean = "norm cap + trimmed mean"
    }

    /// Which share of the contributors may be malicious.
    public let maliciousShare: Double
    /// How many median lengths an update may be long.
    public let capFactor: Double
    /// Most windows that count for one participant where it falls back to FedAvg.
    public let maximumWeight: Int
    /// Up to how many contributors updates are mixed.
    public let maximumMixed: Int

    /// - Parameters:
    ///   - maliciousShare: above 0, below 0.5.
    ///   - capFactor: finite, above 0.
    ///   - maximumWeight: at least 1.
    ///   - maximumMixed: 0 to 4096.
    public init(
        maliciousShare: Double = 0.3, capFactor: Double = 3, maximumWeight: Int = 20_000, maximumMixed: Int = 1024
    ) {
        precondition(maliciousShare > 0 && maliciousShare < 0.5, "the malicious share is above 0 and below 0.5")
        precondition(capFactor.isFinite && capFactor > 0, "the norm cap's factor is finite and above 0")
        precondition(maximumWeight >= 1, "a participant's largest weight is at least 1")
        precondition((0...PairwiseDistances.maximumRows).contains(maximumMixed), "0 to 4096 updates can be mixed")
        self.maliciousShare = maliciousShare
        self.capFactor = capFactor
        self.maximumWeight = maximumWeight
        self.maximumMixed = maximumMixed
    }

    public var name: String {
        "robust(cap \(capFactor) x median, mixing, trimmed mean for \(maliciousShare) malicious; "
            + "below \(minimumRobust) agents cap + fedavg, above \(maximumMixed) no mixing)"
    }

    /// The smallest number of contributors that is not handled by FedAvg: 4, or more if the share needs more to make one.
    public var minimumRobust: Int {
        // At most 1e9 contributors are looked at: a share below that never makes one malicious agent.
        guard maliciousShare > 1e-9 else { return .max }
        return max(4, Int((1 / maliciousShare - 1e-9).rounded(.up)))
    }

    /// How many of `count` contributors may be malicious, f.
    public func malicious(of count: Int) -> Int {
        // 0.3 * 10 may be a hair below 3.
        Int((maliciousShare * Double(count) + 1e-9).rounded(.down))
    }

    /// What is done with `count` contributors.
    public func stage(of count: Int) -> Stage {
        if count < minimumRobust { return .cappedAverage }
        return count <= maximumMixed ? .mixedTrimmedMean : .trimmedMean
    }

    public func aggregate(
        _ updates: any UpdateSource, onto base: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        let count = updates.contributors.count
        let stage = stage(of: count)
        guard stage != .cappedAverage else {
            return try NormClipping(FederatedAveraging(maximumWeight: maximumWeight), factor: capFactor)
                .aggregate(updates, onto: base)
        }
        let matrix = try UpdateMatrix(updates, base: base, capFactor: capFactor)
        let malicious = malicious(of: count)
        let trimmed = TrimmedColumns(rows: count, trimmed: malicious)
        guard stage == .mixedTrimmedMean else { return try matrix.reduced(by: trimmed) }
        let mixing = try Neighbourhoods(matrix, size: count - malicious, rule: name)
        return try matrix.reduced(by: trimmed, prepare: mixing.mix)
    }
}
