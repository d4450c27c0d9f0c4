// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// The squared Euclidean distance of every two updates of a round, `[n,n]`.
///
/// Taken from the Gram matrix of the differences from the base, `‖x‖² + ‖y‖² - 2xy`, added up in Double: in Float that
/// cancels. One pass over the updates, block by block; memory for a few blocks and 16 n² bytes.
struct PairwiseDistances {
    /// How many updates may be compared: beyond, the matrix alone takes more than 128 MiB.
    static let maximumRows = 4096
    /// Two updates this close, in terms of their squared lengths, count as copies of one another: a millionth of their
    /// length is below the rounding of the Floats they were sent as.
    private static let copyRatio = 1e-12

    let count: Int
    private let squared: [Double]

    /// Measures all rows of a matrix.
    ///
    /// - Parameter rule: who asks, for the error.
    /// - Throws: ``AggregationError/tooManyForRule(rule:found:maximum:)``.
    init(_ matrix: UpdateMatrix, rule: String) throws(AggregationError) {
        let count = matrix.rowCount
        guard count <= Self.maximumRows else {
            throw .tooManyForRule(rule: rule, found: count, maximum: Self.maximumRows)
        }
        // Halves, each added up by itself whether or not there is a thread for each, so that the sums are the same. The
        // largest matrices are made in one piece, since a second one would take as much memory again.
        let parts = count <= Self.maximumRows / 2 ? 2 : 1
        let stride = Kernels.gramStride(rows: count)
        var sums = [Double](repeating: 0, count: parts * stride * stride)
        let middle = parts == 1 ? 0 : matrix.columnCount / 2 / Self.width * Self.width
        let ranges = [middle..<matrix.columnCount, 0..<middle]
        try sums.withUnsafeMutableBufferPointer { buffer throws(AggregationError) in
            guard let gram = buffer.baseAddress else { return }
            try Workers.perform(parts) { (part) throws(AggregationError) in
                try Self.add(matrix, ranges[part], to: gram + part * stride * stride)
            }
            if parts == 2 {
                for i in 0..<stride * stride { gram[i] += gram[stride * stride + i] }
            }
            for row in 1..<max(1, count) { (gram + row * count).update(from: gram + row * stride, count: count) }
            Self.turnIntoDistances(gram, count: count)
        }
        sums.removeLast(sums.count - count * count)
        squared = sums
        self.count = count
    }

    /// Columns whose products are added up at a time: few enough for a thousand updates' to stay in the second cache.
    private static let width = 64

    /// Adds the inner products of some columns' differences from the base.
    private static func add(
        _ matrix: UpdateMatrix, _ columns: Range<Int>, to gram: UnsafeMutablePointer<Double>
    ) throws(AggregationError) {
        let count = matrix.rowCount
        let size = Kernels.panelCount(rows: count, depth: width)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size * MemoryLayout<Double>.stride, alignment: 64)
        defer { memory.deallocate() }
        let panels = memory.bindMemory(to: Double.self, capacity: size)
        try matrix.forEachBlock(of: columns, width: width) { columns, block in
            matrix.base.withUnsafeBufferPointer { base in
                guard let base = base.baseAddress else { return }
                Kernels.addGram(
                    ofDifferencesOf: block, from: base + columns.lowerBound, rows: count, depth: columns.count,
                    panels: panels, to: gram)
            }
        }
    }

    /// Replaces inner products by squared distances, on both sides of the diagonal.
    private static func turnIntoDistances(_ gram: UnsafeMutablePointer<Double>, count: Int) {
        let lengths = (0..<count).map { gram[$0 * count + $0] }
        for i in 0..<count {
            gram[i * count + i] = 0
            for j in i + 1..<max(i + 1, count) {
                let sum = lengths[i] + lengths[j]
                let distance = sum - 2 * gram[i * count + j]
                let rounded = distance <= copyRatio * sum ? 0 : coarse(distance)
                gram[i * count + j] = rounded
                gram[j * count + i] = rounded
            }
        }
    }

    /// Drops the last 24 bits of a number, which are rounding: what is as far is to count as equally far. They also
    /// leave room for an index, see ``Neighbour``.
    private static func coarse(_ value: Double) -> Double {
        Double(bitPattern: (value.bitPattern + (1 << 23)) & ~((1 << 24) - 1))
    }

    /// Another update, and how far away it is: sorted by distance, and by agent where that is equal.
    struct Neighbour: Comparable {
        // Numbers that are not negative are in the order of their bits; the last ones, which are rounded away, hold the
        // index. So one comparison of two integers is all that sorting takes.
        let key: UInt64
        private static let indexBits: UInt64 = (1 << 24) - 1

        init(index: Int, distance: Double) { key = distance.bitPattern & ~Self.indexBits | UInt64(index) }

        var index: Int { Int(key & Self.indexBits) }
        /// Squared.
        var distance: Double { Double(bitPattern: key & ~Self.indexBits) }

        static func < (a: Self, b: Self) -> Bool { a.key < b.key }
    }

    /// One update as seen from another.
    func neighbour(_ j: Int, of i: Int) -> Neighbour { Neighbour(index: j, distance: squared[i * count + j]) }

    /// All others of an update, the nearest first.
    func neighbours(of i: Int) -> [Neighbour] {
        var others: [Neighbour] = []
        others.reserveCapacity(count)
        for j in 0..<count where j != i { others.append(neighbour(j, of: i)) }
        Neighbour.sort(&others)
        return others
    }

    /// An update and its `size - 1` nearest others, in agent order.
    ///
    /// - Parameter size: 1 to n.
    func neighbourhood(of i: Int, size: Int) -> [Int] {
        guard size > 1 else { return [i] }
        let farthest = neighbours(of: i)[size - 2]
        return (0..<count).filter { $0 == i || neighbour($0, of: i) <= farthest }
    }
}
