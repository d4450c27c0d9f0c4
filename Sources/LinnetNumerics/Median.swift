// SPDX-License-Identifier: Apache-2.0

extension Array where Element == Double {
    /// The median: of an even number of values, the mean of the middle two; NaN of none.
    ///
    /// By selection instead of sorting (Hoare 1961, algorithm 65: find), in O(n) on the average.
    ///
    /// - Precondition: no value is NaN.
    /// - Postcondition: the values are the same in another order.
    public mutating func takeMedian() -> Double {
        guard count > 1 else { return first ?? .nan }
        let middle = count / 2
        let upper = withUnsafeMutableBufferPointer { Self.select(middle, in: $0) }
        guard count.isMultiple(of: 2) else { return upper }
        // Selection has left nothing larger than the upper one before it.
        let lower = self[..<middle].reduce(-Double.infinity, Swift.max)
        return (lower + upper) / 2
    }

    /// Moves the value that would be at `rank` after sorting there, smaller ones before it and larger ones behind.
    private static func select(_ rank: Int, in values: UnsafeMutableBufferPointer<Double>) -> Double {
        var (first, last) = (0, values.count - 1)
        while first < last {
            // The middle element as pivot: values that are sorted already are the usual bad case.
            let pivot = values[first + (last - first) / 2]
            var (left, right) = (first, last)
            while left <= right {
                while values[left] < pivot { left += 1 }
                while values[right] > pivot { right -= 1 }
                guard left <= right else { break }
                values.swapAt(left, right)
                left += 1
                right -= 1
            }
            if rank <= right { last = right } else if rank >= left { first = left } else { break }
        }
        return values[rank]
    }
}
