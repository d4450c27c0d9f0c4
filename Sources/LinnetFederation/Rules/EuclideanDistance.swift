// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Lengths of differences, added up in Double: squares of finite Floats never overflow there.
enum EuclideanDistance {
    /// The length of `a - b`, both `[P]`; NaN or infinite if, and only if, an element is.
    static func between(_ a: ParameterVector, _ b: ParameterVector) -> Double {
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in Kernels.squaredDistance(a, b).squareRoot() }
        }
    }

    /// The length of `a - b`, both `[P]`.
    static func between(_ a: [Double], _ b: ParameterVector) -> Double {
        a.withUnsafeBufferPointer { values in
            b.withUnsafeBufferPointer { b in
                guard let values = values.baseAddress, let b = b.baseAddress else { return 0 }
                return length(a.count) { values[$0] - Double(b[$0]) }
            }
        }
    }

    /// The length of `a - b`, both `[P]`.
    static func between(_ a: [Double], _ b: [Double]) -> Double {
        length(a.count) { a[$0] - b[$0] }
    }

    /// The length of a vector of differences; eight sums side by side, since one alone would wait for each addition.
    @inline(__always)
    private static func length(_ count: Int, _ difference: (Int) -> Double) -> Double {
        var (even, odd) = (SIMD4<Double>(repeating: 0), SIMD4<Double>(repeating: 0))
        var i = 0
        while i + 8 <= count {
            let first = SIMD4(difference(i), difference(i + 1), difference(i + 2), difference(i + 3))
            let second = SIMD4(difference(i + 4), difference(i + 5), difference(i + 6), difference(i + 7))
            even += first * first
            odd += second * second
            i += 8
        }
        // Lane by lane rather than `sum()`, whose order of additions nothing promises.
        let lanes = even + odd
        var sum = ((lanes[0] + lanes[1]) + lanes[2]) + lanes[3]
        while i < count {
            let last = difference(i)
            sum += last * last
            i += 1
        }
        return sum.squareRoot()
    }
}
