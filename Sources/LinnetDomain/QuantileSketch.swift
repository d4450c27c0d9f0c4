// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The distribution of many numbers in at most a hundred, mergeable without the numbers themselves.
///
///     var sketch = QuantileSketch()
///     sketch.add(deviations)
///     let median = QuantileSketch.merged(agents.map { ($0.sketch, 1) }).quantile(0.5)
///
/// This is the merging t-digest (Dunning and Ertl 2019, arXiv 1902.04023, algorithm 1): means of neighbouring values with
/// their weights, each mean standing for at most one step of the scale function `k(q) = δ / 2π · asin(2q - 1)`, δ = 100.
/// Of 50,000 values in seven shapes, ranks were off by at most 0.0041 at the median, 0.0014 at 0.99 and 0.0006 at 0.999.
/// KLL (Karnin, Lang and Liberty 2016) promises a bound for every input, but the same one at every rank: at this size it
/// could not tell the 0.999 quantile that a threshold is from the 0.99. It also needs coin flips; this needs none, and
/// gives the same bits for the same input.
///
/// Limits: the error is measured, not proven, once sketches have been merged. Up to 60 values all are kept as they are, and
/// the smallest and the largest always: what must not be seen by the coordinator does not belong in here.
public struct QuantileSketch: Sendable, Hashable {
    /// Neighbouring values as one.
    public struct Centroid: Sendable, Hashable {
        public var mean: Float
        /// How many values it stands for; above 0.
        public var weight: Double

        public init(mean: Float, weight: Double) {
            self.mean = mean
            self.weight = weight
        }
    }

    /// By mean.
    public private(set) var centroids: [Centroid] = []
    /// The smallest and the largest value; 0 before the first.
    public private(set) var minimum: Float = 0
    public private(set) var maximum: Float = 0

    /// δ: how finely ranks are told apart.
    public static let compression = 100.0
    /// Any two neighbours together are more than a step of the scale function, which has δ / 2 of them.
    public static let maximumCentroids = 101

    /// The sketch of no value at all.
    public init() {}

    /// A sketch that somebody else has made; ask ``isPlausible`` before it is used.
    public init(centroids: [Centroid], minimum: Float, maximum: Float) {
        self.centroids = centroids
        self.minimum = minimum
        self.maximum = maximum
    }

    /// How many values it is of.
    public var count: Double { centroids.reduce(0) { $0 + $1.weight } }

    // MARK: - Adding

    /// Takes in values, best a thousand or more at a time; those that are not finite are left out.
    public mutating func add(_ values: [Double]) {
        let largest = Double(Float.greatestFiniteMagnitude)
        let finite = values.filter(\.isFinite).map { Float(min(max($0, -largest), largest)) }
        guard let lowest = finite.min(), let highest = finite.max() else { return }
        minimum = centroids.isEmpty ? lowest : min(minimum, lowest)
        maximum = centroids.isEmpty ? highest : max(maximum, highest)
        centroids = Self.compressed(centroids + finite.map { Centroid(mean: $0, weight: 1) })
    }

    /// Takes in all that `other` has seen.
    public mutating func merge(_ other: QuantileSketch) {
        self = Self.merged([(self, 1), (other, 1)])
    }

    /// Merges sketches in one pass, each weight multiplied by a factor.
    ///
    /// - Parameter parts: plausible sketches; a factor is finite and above 0.
    /// - Returns: the same bits in whatever order the parts come, as long as all factors are equal.
    public static func merged(_ parts: [(sketch: QuantileSketch, factor: Double)]) -> QuantileSketch {
        let parts = parts.filter { !$0.sketch.centroids.isEmpty }
        guard let lowest = parts.map(\.sketch.minimum).min(), let highest = parts.map(\.sketch.maximum).max() else {
            return QuantileSketch()
        }
        let all = parts.flatMap { sketch, factor in
            sketch.centroids.map { Centroid(mean: $0.mean, weight: $0.weight * factor) }
        }
        return QuantileSketch(centroids: compressed(all), minimum: lowest, maximum: highest)
    }

    /// Joins neighbours for as long as they are within one step of the scale function.
    private static func compressed(_ centroids: [Centroid]) -> [Centroid] {
        let sorted = centroids.sorted { ($0.mean, $0.weight) < ($1.mean, $1.weight) }
        let total = sorted.reduce(0) { $0 + $1.weight }
        guard var current = sorted.first else { return [] }
        var mean = Double(current.mean)
        var result: [Centroid] = []
        var before = 0.0
        var limit = total * rank(oneStepAfter: 0)
        for next in sorted.dropFirst() {
            if before + current.weight + next.weight <= limit {
                current.weight += next.weight
                mean += (Double(next.mean) - mean) * next.weight / current.weight
                current.mean = Float(mean)
            } else {
                result.append(current)
                before += current.weight
                limit = total * rank(oneStepAfter: before / total)
                current = next
                mean = Double(next.mean)
            }
        }
        return result + [current]
    }

    /// The rank one step of the scale function after `rank`, both from 0 to 1.
    private static func rank(oneStepAfter rank: Double) -> Double {
        let step = 2 * Double.pi / compression
        let angle = asin(min(max(2 * rank - 1, -1), 1)) + step
        return angle >= Double.pi / 2 ? 1 : (sin(angle) + 1) / 2
    }

    // MARK: - Asking

    /// The value that the share `rank` of all values is below; absent without any value.
    ///
    /// Between the middles of neighbouring centroids, and out to the smallest and largest value, it goes in straight lines:
    /// of up to 60 values it is Hazen's quantile (1914).
    ///
    /// - Parameter rank: 0 to 1; what is outside counts as the nearer end.
    public func quantile(_ rank: Double) -> Double? {
        guard let first = centroids.first, !rank.isNaN else { return nil }
        let target = min(max(rank, 0), 1) * count
        var (place, value) = (0.0, Double(minimum))
        var middle = first.weight / 2
        for (position, centroid) in centroids.enumerated() {
            if target <= middle { return Self.between(place, value, middle, Double(centroid.mean), at: target) }
            (place, value) = (middle, Double(centroid.mean))
            let next = position + 1 < centroids.count ? centroids[position + 1].weight : 0
            middle += (centroid.weight + next) / 2
        }
        return Self.between(place, value, middle, Double(maximum), at: target)
    }

    /// The distance between the quartiles in units of a normal distribution's standard deviation; absent without any value.
    ///
    /// Of normal values it is the standard deviation, and with a quarter of all values astray it hardly moves.
    public var quartileDeviation: Double? {
        guard let lower = quantile(0.25), let upper = quantile(0.75) else { return nil }
        return (upper - lower) / Self.normalQuartileDistance
    }

    /// The distance between the quartiles of a normal distribution, in standard deviations.
    private static let normalQuartileDistance = 1.349

    private static func between(_ x0: Double, _ y0: Double, _ x1: Double, _ y1: Double, at x: Double) -> Double {
        x1 > x0 ? y0 + (y1 - y0) * (x - x0) / (x1 - x0) : y1
    }

    /// Whether this sketch can have come from data: bounded, finite, in order. Check it on all that arrives.
    public var isPlausible: Bool {
        guard let first = centroids.first, let last = centroids.last else { return minimum == 0 && maximum == 0 }
        return centroids.count <= Self.maximumCentroids
            && minimum.isFinite && maximum.isFinite && minimum <= first.mean && last.mean <= maximum
            && zip(centroids, centroids.dropFirst()).allSatisfy { $0.mean <= $1.mean }
            && centroids.allSatisfy { $0.mean.isFinite && $0.weight > 0 && $0.weight <= 1e12 }
    }
}

/// As JSON: `{"maximum":9,"means":[2,4.5,9],"minimum":2,"weights":[1,6,1]}`.
extension QuantileSketch: Codable {
    private enum CodingKeys: String, CodingKey { case means, weights, minimum, maximum }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let means = try container.decode([Float].self, forKey: .means)
        let weights = try container.decode([Double].self, forKey: .weights)
        guard means.count == weights.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .weights, in: container,
                debugDescription: "\(means.count) means need as many weights, found \(weights.count)")
        }
        self.init(
            centroids: zip(means, weights).map { Centroid(mean: $0, weight: $1) },
            minimum: try container.decode(Float.self, forKey: .minimum),
            maximum: try container.decode(Float.self, forKey: .maximum))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(centroids.map(\.mean), forKey: .means)
        try container.encode(centroids.map(\.weight), forKey: .weights)
        try container.encode(minimum, forKey: .minimum)
        try container.encode(maximum, forKey: .maximum)
    }
}
