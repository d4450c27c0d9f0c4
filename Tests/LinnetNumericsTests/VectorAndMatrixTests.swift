// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics
import Testing

@Suite("ParameterVector and Matrix")
struct VectorAndMatrixTests {
    @Test("a norm is exact where squares of Floats would overflow or vanish")
    func norm() {
        #expect(ParameterVector([3, 4]).norm == 5)
        #expect(ParameterVector([]).norm == 0)
        let large = ParameterVector([3e30, 4e30]).norm
        #expect(abs(large / 5e30 - 1) < 1e-6)
        let small = ParameterVector([3e-30, 4e-30]).norm
        #expect(abs(small / 5e-30 - 1) < 1e-6)
        #expect(ParameterVector([1, .nan]).norm.isNaN)
        #expect(ParameterVector([1, -.infinity]).norm == .infinity)
    }

    @Test("a difference leaves both sides as they were, and one of huge numbers is not finite")
    func difference() {
        let a = ParameterVector([5, 7, 9])
        let b = ParameterVector([1, 2, 3])
        #expect((a - b).values == [4, 5, 6])
        #expect(a.values == [5, 7, 9])
        let huge = ParameterVector([.greatestFiniteMagnitude])
        #expect(huge.isFinite)
        #expect(!(huge - ParameterVector([-.greatestFiniteMagnitude])).isFinite)
    }

    @Test("elements are read and written in place")
    func elements() {
        var vector = ParameterVector(repeating: 1, count: 3)
        vector[1] = 2
        vector.withUnsafeMutableBufferPointer { $0[2] = 3 }
        #expect(vector.values == [1, 2, 3])
        #expect(vector[2] == 3)
        let count = vector.withUnsafeBufferPointer { $0.count }
        #expect(count == 3)
        var copy = ParameterVector(repeating: 0, count: 3)
        copy.assign(vector)
        #expect(copy == vector)
    }

    @Test("rows are appended, read and cut out")
    func rows() {
        var matrix = Matrix(rows: 0, columns: 3)
        matrix.appendRow([1, 2, 3])
        matrix.appendRow([4, 5, 6][...])
        matrix.appendRow([7, 8, 9])
        #expect(matrix.rows == 3)
        #expect(Array(matrix.row(1)) == [4, 5, 6])
        #expect(matrix[2, 0] == 7)
        matrix[2, 0] = 0
        #expect(matrix.rows(1..<3) == Matrix(rows: 2, columns: 3, values: [4, 5, 6, 0, 8, 9]))
        #expect(matrix.rows(1..<1).rows == 0)
    }
}

@Suite("ChannelScaler")
struct ChannelScalerTests {
    @Test("standardized data have mean 0 and deviation 1, and come back")
    func standardize() {
        let scaler = ChannelScaler(means: [10, -4], standardDeviations: [2, 0.5])
        var values: [Float] = [12, -4, 8, -3.5]
        scaler.standardize(&values)
        #expect(values == [1, 0, -1, 1])
        scaler.restore(&values)
        #expect(values == [12, -4, 8, -3.5])
    }

    @Test("a channel that stands still keeps scale 1, however large its level")
    func constantChannels() {
        let scaler = ChannelScaler(means: [0, 1e6, 1e6, 0], standardDeviations: [0, 0.5, 1.5, 1e-9])
        #expect(scaler.scale == [1, 1, 1.5, 1e-9])
        #expect(scaler.isValid)
    }

    @Test("means and deviations of any kind give a valid scaler")
    func strangeMoments() {
        let numbers: [Double] = [
            .nan, .infinity, -.infinity, 0, -1, 1e300, -1e300, 1e-300, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
        ]
        for mean in numbers {
            for deviation in numbers {
                let scaler = ChannelScaler(means: [mean], standardDeviations: [deviation])
                #expect(scaler.isValid, "mean \(mean), deviation \(deviation)")
            }
        }
    }

    @Test(
        "a scaler that would divide by zero or spread NaN is not valid",
        arguments: [
            ChannelScaler(center: [0], scale: [0]), ChannelScaler(center: [0], scale: [-1]),
            ChannelScaler(center: [0], scale: [.nan]), ChannelScaler(center: [0], scale: [.infinity]),
            ChannelScaler(center: [.nan], scale: [1]), ChannelScaler(center: [.infinity], scale: [1]),
            ChannelScaler(center: [0, 0], scale: [1]), ChannelScaler(center: [0], scale: [.leastNonzeroMagnitude]),
        ])
    func invalid(_ scaler: ChannelScaler) {
        #expect(!scaler.isValid)
    }
}
