// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics
import Testing

@Suite("Eigenvalues of symmetric matrices")
struct SymmetricEigenTests {
    @Test("vectors and values put the matrix together again, largest first", arguments: [1, 2, 5, 33])
    func decomposition(size: Int) throws {
        var generator = SeededGenerator(seed: UInt64(size))
        var matrix = [Double](repeating: 0, count: size * size)
        for row in 0..<size {
            for column in row..<size {
                matrix[row * size + column] = generator.gaussian()
                matrix[column * size + row] = matrix[row * size + column]
            }
        }
        let eigen = try #require(SymmetricEigen(matrix, size: size))
        #expect(eigen.values == eigen.values.sorted(by: >))
        for row in 0..<size {
            for column in 0..<size {
                let sum = (0..<size).reduce(0.0) { sum, k in
                    sum + eigen.values[k] * eigen.vectors[k * size + row] * eigen.vectors[k * size + column]
                }
                #expect(abs(sum - matrix[row * size + column]) < 1e-9 * Double(size))
            }
        }
    }

    @Test("a matrix that is not finite has no answer")
    func notFinite() { #expect(SymmetricEigen([1, .nan, .nan, 1], size: 2) == nil) }
}
