// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Keeps as much of a stream's recent past as has one mean, and tells when that mean has changed: ADWIN (Bifet and Gavaldà
/// 2007, algorithm ADWIN2).
///
///     var window = AdaptiveWindow(delta: 0.002)
///     if let change = window.handle(score) { … }          // what lay before the change is forgotten
///
/// The past is held in an exponential histogram: five buckets a row, each of row `i` of `2^i` values, so memory and time
/// grow with the logarithm of the window. Every 32 values all cuts between buckets are tried: the window is cut where
///
///     |mean₀ - mean₁| > ε = sqrt(2 m σ² δ') + 2/3 m δ'       m = 1/(n₀ - 4) + 1/(n₁ - 4)     δ' = ln(2 ln(n) / δ)
public struct AdaptiveWindow: Sendable, Hashable, Codable {
    /// A mean that has changed.
    public struct Change: Sendable, Hashable, Codable {
        public var before: Double
        public var after: Double
    }

    private struct Bucket: Sendable, Hashable, Codable {
        var total: Double
        /// The sum of squared deviations from the bucket's mean.
        var deviation: Double
    }

    static let bucketsPerRow = 5
    static let valuesBetweenChecks = 32
    /// Fewest values on either side of a cut, and in the whole window.
    static let minimumSide = 5
    static let minimumWidth = 10
    /// 2^40 values: no stream is longer.
    static let maximumRows = 40

    /// The probability of finding a change in a check where there is none, as far as values are independent.
    public let delta: Double
    /// Values in the window.
    public private(set) var width = 0
    private var total = 0.0
    private var deviation = 0.0
    private var sinceCheck = 0
    /// Row by row, oldest bucket of each first.
    private var rows: [[Bucket]] = [[]]

    /// - Parameter delta: above 0, below 1.
    public init(delta: Double = 0.002) { self.delta = min(max(delta, 1e-12), 0.5) }

    /// The mean of the window; 0 of an empty one.
    public var mean: Double { width > 0 ? total / Double(width) : 0 }
    /// The variance of the window.
    public var variance: Double { width > 0 ? deviation / Double(width) : 0 }

    /// Takes in the next value; answers a change if it shows one. A value that is not a number is passed over.
    public mutating func handle(_ value: Double) -> Change? {
        guard value.isFinite else { return nil }
        insert(value)
        sinceCheck += 1
        guard sinceCheck >= Self.valuesBetweenChecks, width > Self.minimumWidth else { return nil }
        sinceCheck = 0
        let before = mean
        var hasChanged = false
        while cut() { hasChanged = true }
        return hasChanged ? Change(before: before, after: mean) : nil
    }

    private mutating func insert(_ value: Double) {
        if width > 0 {
            let difference = value - mean
            deviation += Double(width) * difference * difference / Double(width + 1)
        }
        width += 1
        total += value
        rows[0].append(Bucket(total: value, deviation: 0))
        var row = 0
        while rows[row].count > Self.bucketsPerRow, row + 1 < Self.maximumRows {
            if row + 1 == rows.count { rows.append([]) }
            let (first, second) = (rows[row][0], rows[row][1])
            rows[row].removeFirst(2)
            let size = Self.size(row)
            let difference = first.total / size - second.total / size
            rows[row + 1].append(
                Bucket(
                    total: first.total + second.total,
                    deviation: first.deviation + second.deviation + size * difference * difference / 2))
            row += 1
        }
    }

    private static func size(_ row: Int) -> Double { Double(1 << row) }

    /// Tries every cut, the oldest first; drops the oldest bucket if one shows a change.
    private mutating func cut() -> Bool {
        guard width > Self.minimumWidth else { return false }
        var (older, olderTotal) = (0.0, 0.0)
        for row in rows.indices.reversed() {
            for bucket in rows[row] {
                older += Self.size(row)
                olderTotal += bucket.total
                let newer = Double(width) - older
                guard newer >= Double(Self.minimumSide) else { return false }
                guard older >= Double(Self.minimumSide) else { continue }
                let difference = abs(olderTotal / older - (total - olderTotal) / newer)
                if difference > bound(older, newer) {
                    dropOldest()
                    return true
                }
            }
        }
        return false
    }

    private func bound(_ older: Double, _ newer: Double) -> Double {
        let least = Double(Self.minimumSide)
        let share = 1 / (older - least + 1) + 1 / (newer - least + 1)
        let confidence = log(2 * log(Double(width)) / delta)
        return (2 * share * variance * confidence).squareRoot() + 2 / 3 * share * confidence
    }

    private mutating func dropOldest() {
        guard let row = rows.lastIndex(where: { !$0.isEmpty }) else { return }
        let bucket = rows[row].removeFirst()
        while rows.count > 1, rows[rows.count - 1].isEmpty { rows.removeLast() }
        let size = Self.size(row)
        width -= 1 << row
        total -= bucket.total
        let difference = bucket.total / size - mean
        let between = size * Double(width) * difference * difference / (size + Double(width))
        // Rounding may leave a little less than nothing.
        deviation = max(0, deviation - bucket.deviation - between)
    }
}
