// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics
import Testing

@Suite("The median")
struct MedianTests {
    @Test("is what sorting gives, for any number of values, with ties and in any order")
    func equalsSorting() {
        var generator = SeededGenerator(seed: 3)
        for count in 1...60 {
            for order in 0..<4 {
                var values = (0..<count).map { _ in (generator.uniform() * 12).rounded() - 6 }
                if order == 1 { values.sort() }
                if order == 2 { values.sort(by: >) }
                if order == 3 { values = values.map { _ in 1.5 } }
                let sorted = values.sorted()
                let expected = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
                #expect(values.takeMedian() == expected)
                #expect(values.sorted() == sorted)
            }
        }
    }

    @Test("of nothing is no number")
    func ofNothing() {
        var values: [Double] = []
        #expect(values.takeMedian().isNaN)
    }
}
