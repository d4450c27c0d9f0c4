// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// The nearest updates of each update, itself included, and their means.
///
/// With n updates and neighbourhoods of size k a mean each is `n k` additions a column. Neighbourhoods share members, so
/// here rows go in groups of eight: the sums of all 256 subsets of a group are made once, each by a single addition, and
/// a neighbourhood picks one of them by the bits of who belongs to it. That is `n²/8` additions, and no subtraction
/// anywhere, in which a huge value would take the small ones with it.
struct Neighbourhoods {
    /// Rows of one group.
    private static let groupSize = 8

    /// Who belongs to each neighbourhood, in agent order.
    let members: [[Int]]
    private let size: Int
    private let groupCount: Int
    /// For each group and row, which of the group's rows are the row's neighbours: `[groups,n]`.
    private let masks: [UInt8]

    /// - Parameters:
    ///   - size: 1 to n.
    ///   - rule: who asks, for the error.
    /// - Throws: ``AggregationError/tooManyForRule(rule:found:maximum:)``.
    init(_ matrix: UpdateMatrix, size: Int, rule: String) throws(AggregationError) {
        let count = matrix.rowCount
        let distances = try PairwiseDistances(matrix, rule: rule)
        members = (0..<count).map { distances.nearest(to: $0).prefix(size).sorted() }
        self.size = size
        groupCount = (count + Self.groupSize - 1) / Self.groupSize
        var masks = [UInt8](repeating: 0, count: groupCount * count)
        for (row, members) in members.enumerated() {
            for member in members {
                masks[member / Self.groupSize * count + row] |= 1 << UInt8(member % Self.groupSize)
            }
        }
        self.masks = masks
    }

    /// Replaces each row of a block, `[n,width]`, by the mean of its neighbourhood.
    func mix(_ block: UnsafeMutablePointer<Float>, width: Int) {
        let count = members.count
        withUnsafeTemporaryAllocation(of: SIMD8<Double>.self, capacity: count + 256) { memory in
            guard let sums = memory.baseAddress else { return }
            let subsets = sums + count
            memory.initialize(repeating: SIMD8(repeating: 0))
            for start in stride(from: 0, to: width, by: 8) {
                let columns = min(8, width - start)
                for row in 0..<count { sums[row] = SIMD8(repeating: 0) }
                for group in 0..<groupCount {
                    fill(subsets, group: group, from: block + start, width: width, columns: columns)
                    masks.withUnsafeBufferPointer { masks in
                        for row in 0..<count { sums[row] += subsets[Int(masks[group * count + row])] }
                    }
                }
                let divisor = SIMD8(repeating: Double(size))
                for row in 0..<count {
                    let mean = SIMD8<Float>(sums[row] / divisor)
                    let target = block + row * width + start
                    for column in 0..<columns { target[column] = mean[column] }
                }
            }
        }
    }

    /// Writes the sum of every subset of a group's rows, by the subset's bits.
    private func fill(
        _ subsets: UnsafeMutablePointer<SIMD8<Double>>, group: Int, from block: UnsafeMutablePointer<Float>,
        width: Int, columns: Int
    ) {
        let first = group * Self.groupSize
        subsets[0] = SIMD8(repeating: 0)
        for bit in 0..<min(Self.groupSize, members.count - first) {
            let row = block + (first + bit) * width
            var values = SIMD8<Float>(repeating: 0)
            for column in 0..<columns { values[column] = row[column] }
            let wide = SIMD8<Double>(values)
            // Rows enter in agent order, so the subset's sum is added up in agent order too.
            for subset in 0..<(1 << bit) { subsets[subset | 1 << bit] = subsets[subset] + wide }
        }
    }
}
