// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics
import Testing

/// The kernels of aggregation beside what they mean, over shapes that leave remainders in every vector loop.
@Suite("Kernels over many updates")
struct UpdateKernelTests {
    private static let shapes = [
        (1, 1), (2, 7), (3, 8), (5, 9), (7, 40), (8, 16), (24, 5), (25, 33), (47, 8), (48, 17), (49, 3), (101, 20),
    ]

    private func block(_ rows: Int, _ columns: Int, seed: UInt64 = 21) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return gaussians(rows * columns, &generator)
    }

    @Test("a sorting network leaves every wanted rank in its place", arguments: shapes)
    func sorting(rows: Int, columns: Int) {
        let values = block(rows, columns)
        for wanted in [0..<rows, (rows - 1) / 2..<rows / 2 + 1, rows / 4..<rows - rows / 4] {
            var sorted = values
            Kernels.sortColumns(&sorted, width: columns, by: SortingNetwork(rows: rows, wanted: wanted))
            for column in 0..<columns {
                let expected = (0..<rows).map { values[$0 * columns + column] }.sorted()
                #expect(wanted.allSatisfy { sorted[$0 * columns + column] == expected[$0] })
            }
        }
    }

    @Test("rows are mixed to the means of their members", arguments: shapes)
    func mixing(rows: Int, columns: Int) {
        let values = block(rows, columns)
        var generator = SeededGenerator(seed: 22)
        let size = max(1, rows * 2 / 3)
        let members = (0..<rows).map { _ -> [Int] in
            var all = (0..<Int32(rows)).map { $0 }
            generator.shuffle(&all)
            return all.prefix(size).map { Int($0) }
        }
        var mixed = values
        var sums = [Double](repeating: .nan, count: 8 * rows)
        Kernels.mixRows(&mixed, width: columns, by: Kernels.RowGroups(members: members), sums: &sums)
        var expected: [Double] = []
        for row in 0..<rows {
            for column in 0..<columns {
                let sum = members[row].reduce(0.0) { $0 + Double(values[$1 * columns + column]) }
                expected.append(sum / Double(size))
            }
        }
        expectEqual(mixed, expected, 1e-6)
    }

    @Test("a Gram matrix holds the inner products of the differences", arguments: shapes)
    func gram(rows: Int, columns: Int) {
        let (x, base) = (block(rows, columns), block(1, columns, seed: 23))
        let stride = Kernels.gramStride(rows: rows)
        var gram = [Double](repeating: 1, count: stride * stride)
        var panels = [Double](repeating: .nan, count: Kernels.panelCount(rows: rows, depth: columns))
        Kernels.addGram(ofDifferencesOf: x, from: base, rows: rows, depth: columns, panels: &panels, to: &gram)
        for i in 0..<rows {
            for j in i..<rows {
                // In the order of the columns, so to the last bit.
                var expected = 0.0
                for k in 0..<columns {
                    let (a, b) = (x[i * columns + k] - base[k], x[j * columns + k] - base[k])
                    expected += Double(a) * Double(b)
                }
                #expect(gram[i * stride + j] == 1 + expected)
            }
        }
    }

    @Test("differences beyond the largest Float count as the largest Float")
    func largest() {
        let (x, base): ([Float], [Float]) = ([.greatestFiniteMagnitude], [-.greatestFiniteMagnitude])
        var gram = [Double](repeating: 0, count: 24 * 24)
        var panels = [Double](repeating: 0, count: 24)
        Kernels.addGram(ofDifferencesOf: x, from: base, rows: 1, depth: 1, panels: &panels, to: &gram)
        #expect(gram[0] == Double(Float.greatestFiniteMagnitude) * Double(Float.greatestFiniteMagnitude))
    }

    @Test("weighted sums and distances are added up row after row", arguments: shapes)
    func sums(rows: Int, columns: Int) {
        let (x, base) = (block(rows, columns), block(1, columns, seed: 23))
        let weights = (0..<rows).map { 0.5 + Double($0) }
        var expected = [Double](repeating: 0.25, count: columns)
        for row in 0..<rows {
            for column in 0..<columns { expected[column] += weights[row] * Double(x[row * columns + column]) }
        }
        var (plain, measured) = ([Double](repeating: 0.25, count: columns), [Double](repeating: 0.25, count: columns))
        var squares = [Double](repeating: .nan, count: rows)
        x.withUnsafeBufferPointer { x in
            let pointers = (0..<rows).map { x.baseAddress?.advanced(by: $0 * columns) }
            pointers.withUnsafeBufferPointer { rows in
                weights.withUnsafeBufferPointer { weights in
                    Kernels.addWeighted(rows, weights: weights, to: &plain, columns: columns)
                    Kernels.addWeighted(
                        rows, weights: weights, to: &measured, columns: columns, measuredFrom: base, into: &squares)
                }
            }
        }
        #expect(plain == expected)
        #expect(measured == expected)
        for row in 0..<rows {
            let own = Array(x[row * columns..<(row + 1) * columns])
            let plainly = zip(own, base).reduce(0) {
                $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
            }
            let distance = own.withUnsafeBufferPointer { own in
                base.withUnsafeBufferPointer { Kernels.squaredDistance(own, $0) }
            }
            #expect(abs(squares[row] - plainly) <= 1e-12 * plainly)
            #expect(abs(distance - plainly) <= 1e-12 * plainly)
        }
    }
}
