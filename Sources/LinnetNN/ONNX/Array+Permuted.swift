// SPDX-License-Identifier: Apache-2.0

extension [Float] {
    /// The numbers of a tensor with its dimensions in another order.
    ///
    /// - Parameters:
    ///   - sizes: of the tensor as it is; their product is the number of values that are taken, from the first on.
    ///   - order: for each new dimension, which of the old ones it is.
    func permuted(_ sizes: [Int], _ order: [Int]) -> [Float] {
        var strides = [Int](repeating: 1, count: sizes.count)
        for i in strides.indices.dropLast().reversed() { strides[i] = strides[i + 1] * sizes[i + 1] }
        let count = sizes.reduce(1, *)
        var place = [Int](repeating: 0, count: order.count)
        var result: [Float] = []
        result.reserveCapacity(count)
        for _ in 0..<count {
            var offset = 0
            for (i, dimension) in order.enumerated() { offset += place[i] * strides[dimension] }
            result.append(self[offset])
            var i = order.count - 1
            while i >= 0 {
                place[i] += 1
                if place[i] < sizes[order[i]] { break }
                place[i] = 0
                i -= 1
            }
        }
        return result
    }
}
