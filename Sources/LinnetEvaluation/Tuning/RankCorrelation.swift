// SPDX-License-Identifier: Apache-2.0

/// How far two lists of scores agree on what is odder than what (Spearman 1904): 1 for the same order, 0 for none.
public enum RankCorrelation {
    /// The correlation of the ranks, those of equal scores being shared; 0 if either list is constant.
    public static func of(_ first: [Double], _ second: [Double]) -> Double {
        precondition(first.count == second.count, "\(first.count) and \(second.count) scores")
        let (x, y) = (ranks(first), ranks(second))
        let middle = Double(first.count + 1) / 2
        var (xy, xx, yy) = (0.0, 0.0, 0.0)
        for i in x.indices {
            xy += (x[i] - middle) * (y[i] - middle)
            xx += (x[i] - middle) * (x[i] - middle)
            yy += (y[i] - middle) * (y[i] - middle)
        }
        return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : 0
    }

    private static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var first = 0
        while first < order.count {
            var last = first
            while last + 1 < order.count, values[order[last + 1]] == values[order[first]] { last += 1 }
            for place in first...last { ranks[order[place]] = Double(first + last) / 2 + 1 }
            first = last + 1
        }
        return ranks
    }
}
