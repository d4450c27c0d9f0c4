// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics
import Testing

/// Selection beside sorting, on columns of every kind that halving a range could stumble over.
@Suite("Selection in columns")
struct ColumnSelectionTests {
    /// No multiple of the columns that are searched side by side.
    private static let width = 37
    private static let counts = Array(2...130) + [255, 256, 1000, 2500]

    /// A block in which each column is of the next kind.
    private func block(rows: Int) -> [Float] {
        var generator = SeededGenerator(seed: UInt64(rows))
        return (0..<rows * Self.width).map { place in
            let (row, normal) = (place / Self.width, Float(generator.gaussian()))
            return switch place % Self.width % 12 {
            case 0: normal
            case 1: (2 * normal).rounded()  // many of each value
            case 2: -abs(normal)
            case 3: normal < -0.5 ? -0.0 : normal < 0.5 ? 0.0 : 1
            case 4: normal * 4 * .leastNonzeroMagnitude
            case 5: normal < 0 ? -.greatestFiniteMagnitude : .greatestFiniteMagnitude
            case 6: 3.25
            case 7: row % 10 < 3 ? 1e30 * normal : 0.01 * normal
            case 8: row == rows / 3 ? -.greatestFiniteMagnitude : 1 + 1e-6 * normal
            case 9: Float(row)
            case 10: (normal * 8).rounded() * .leastNonzeroMagnitude
            default: normal < 1 ? 0.5 : normal
            }
        }
    }

    /// The columns of a block in ascending order, -0 before +0.
    private func sortedColumns(_ block: [Float], rows: Int) -> [[Float]] {
        (0..<Self.width).map { column in
            (0..<rows).map { block[$0 * Self.width + column] }
                .sorted { $0 < $1 || $0 == $1 && $0.sign == .minus && $1.sign == .plus }
        }
    }

    @Test("the median is that of the sorted column, to the last bit", arguments: counts)
    func medians(rows: Int) {
        let values = block(rows: rows)
        let expected = sortedColumns(values, rows: rows).map {
            Float((Double($0[(rows - 1) / 2]) + Double($0[rows / 2])) / 2)
        }

        var medians = [Float](repeating: .nan, count: Self.width)
        Kernels.medians(ofColumns: values, rows: rows, width: Self.width, into: &medians)

        #expect(medians.map(\.bitPattern) == expected.map(\.bitPattern))
    }

    @Test("the trimmed mean is that of what sorting keeps", arguments: counts)
    func trimmedMeans(rows: Int) {
        let values = block(rows: rows)
        let sorted = sortedColumns(values, rows: rows)
        for dropped in Set([1, rows / 5, rows * 3 / 10, (rows - 1) / 2]) where dropped >= 1 && 2 * dropped < rows {
            let count = rows - 2 * dropped
            let expected = (0..<Self.width).map { column in
                let kept = sorted[column][dropped..<rows - dropped]
                let (first, last) = (sorted[column][dropped], sorted[column][rows - dropped - 1])
                let isInside = { (value: Float) in first < value && value < last }
                let inner = (0..<rows).map { values[$0 * Self.width + column] }.filter(isInside)
                    .reduce(0) { $0 + Double($1) }
                let ends = kept.filter { !isInside($0) }
                let firsts = ends.filter { $0 == first }.count
                return Float(
                    (inner + (Double(first) * Double(firsts) + Double(last) * Double(ends.count - firsts)))
                        / Double(count))
            }

            var means = [Float](repeating: .nan, count: Self.width)
            Kernels.trimmedMeans(
                ofColumns: values, rows: rows, width: Self.width, dropped: dropped, into: &means)

            #expect(means == expected, "\(dropped) of \(rows)")
        }
    }

    @Test("the median does not depend on the order of the rows")
    func order() {
        let (rows, width) = (301, Self.width)
        let values = block(rows: rows)
        let reversed = (0..<rows).reversed().flatMap { values[$0 * width..<($0 + 1) * width] }
        var (medians, others) = ([Float](repeating: 0, count: width), [Float](repeating: 1, count: width))

        Kernels.medians(ofColumns: values, rows: rows, width: width, into: &medians)
        Kernels.medians(ofColumns: reversed, rows: rows, width: width, into: &others)

        #expect(medians.map(\.bitPattern) == others.map(\.bitPattern))
    }

    @Test("what is not a number ends the search all the same")
    func notFinite() {
        let (rows, width) = (100, 16)
        let kinds: [Float] = [
            .nan, -.nan, .infinity, -.infinity, 0, 1, Float(bitPattern: .max), Float(bitPattern: 1 << 31 - 1),
        ]
        var generator = SeededGenerator(seed: 9)
        let values = (0..<rows * width).map { _ in kinds[Int(generator.uniform() * 8)] }
        var results = [Float](repeating: 0, count: width)

        Kernels.medians(ofColumns: values, rows: rows, width: width, into: &results)
        Kernels.trimmedMeans(ofColumns: values, rows: rows, width: width, dropped: 20, into: &results)

        #expect(results.contains { !$0.isFinite })
    }
}
