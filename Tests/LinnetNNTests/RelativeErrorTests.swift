// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics
import Testing

@Suite("Errors relative to the window")
struct RelativeErrorTests {
    @Test("the same error counts less in a strong window and more in a faint one, up to what the floor allows")
    func strength() throws {
        let relative = try #require(RelativeError(fitting: Matrix(rows: 2, columns: 2, values: [1, 3, 3, 1])))
        #expect(relative.energy == 5)
        func score(_ window: [Float]) -> Double { window.withUnsafeBufferPointer { relative.score(2, of: $0) } }
        // As strong as the mean window, ten times as strong, and nothing at all.
        #expect(abs(score([1, 3]) - 2) < 1e-9)
        #expect(abs(score([10, 0]) - 2 * 1.3 * 5 / (50 + 1.5)) < 1e-9)
        #expect(abs(score([0, 0]) - 2 * 1.3 / 0.3) < 1e-9)
        #expect(score([.nan, 1]) == .greatestFiniteMagnitude)
        #expect(score([.infinity, 1]) == 0)
    }

    @Test("windows of nothing, or of what is not finite, have no strength to be compared with")
    func refusals() {
        #expect(RelativeError(fitting: Matrix(rows: 0, columns: 4)) == nil)
        #expect(RelativeError(fitting: Matrix(rows: 1, columns: 2, values: [0, 0])) == nil)
        #expect(RelativeError(fitting: Matrix(rows: 1, columns: 2, values: [.nan, 1])) == nil)
        #expect(RelativeError(energy: -1) == nil)
    }
}
