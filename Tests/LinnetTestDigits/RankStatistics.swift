// SPDX-License-Identifier: Apache-2.0

/// The area under the ROC curve: how often a value of `high` is above one of `low`, a tie counting half.
public func areaUnderROC(low: [Double], high: [Double]) -> Double {
    guard !low.isEmpty, !high.isEmpty else { return .nan }
    let sorted = (low.map { ($0, false) } + high.map { ($0, true) }).sorted { $0.0 < $1.0 }
    var (area, below, i) = (0.0, 0.0, 0)
    while i < sorted.count {
        var (lows, highs, end) = (0.0, 0.0, i)
        while end < sorted.count, sorted[end].0 == sorted[i].0 {
            if sorted[end].1 { highs += 1 } else { lows += 1 }
            end += 1
        }
        area += highs * (below + lows / 2)
        below += lows
        i = end
    }
    return area / (Double(low.count) * Double(high.count))
}
