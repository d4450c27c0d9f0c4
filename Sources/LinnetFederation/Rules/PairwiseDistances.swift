// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// The squared Euclidean distance of every two updates of a round, `[n,n]`.
///
/// Taken from the Gram matrix of the differences from the base, `‖x‖² + ‖y‖² - 2xy`, in Double throughout: in Float that
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
        var sums = [Double](repeating: 0, count: parts * count * count)
        let middle = parts == 1 ? 0 : matrix.columnCount / 2 / Self.width * Self.width
        let ranges = [middle..<matrix.columnCount, 0..<middle]
        try sums.withUnsafeMutableBufferPointer { buffer throws(AggregationError) in
            guard let gram = buffer.baseAddress else { return }
            try Workers.perform(parts) { (part) throws(AggregationError) in
                try Self.add(matrix, ranges[part], to: gram + part * count * count)
            }
            if parts == 2 {
                for i in 0..<count * count { gram[i] += gram[count * count + i] }
            }
            Self.turnIntoDistances(gram, count: count)
        }
        sums.removeLast((parts - 1) * count * count)
        squared = sums
        self.count = count
    }

    /// Columns whose products are added up at a time.
    private static let width = 256

    /// Adds the inner products of some columns' differences from the base.
    private static func add(
        _ matrix: UpdateMatrix, _ columns: Range<Int>, to gram: UnsafeMutablePointer<Double>
    ) throws(AggregationError) {
        let count = matrix.rowCount
        let differences = UnsafeMutablePointer<Double>.allocate(capacity: count * width)
        defer { differences.deallocate() }
        try matrix.forEachBlock(of: columns, width: width) { columns, block in
            matrix.base.withUnsafeBufferPointer { base in
                for row in 0..<count {
                    let (values, target) = (block + row * columns.count, differences + row * columns.count)
                    for i in 0..<columns.count {
                        target[i] = Double(values[i]) - Double(base[columns.lowerBound + i])
                    }
                }
            }
            Kernels.addGram(differences, to: gram, rows: count, columns: columns.count)
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

    /// Drops the last 24 bits of a number, so that equal distances stay equal on every processor: there the matrix
    /// product adds up in an order of its own.
    private static func coarse(_ value: Double) -> Double {
        Double(bitPattern: (value.bitPattern + (1 << 23)) & ~((1 << 24) - 1))
    }

    /// The squared distance of two updates.
    subscript(i: Int, j: Int) -> Double { squared[i * count + j] }

    /// All updates by their distance from one of them, itself first; equal distances in agent order.
    func nearest(to i: Int) -> [Int] {
        squared.withUnsafeBufferPointer { squared in
            let row = UnsafeBufferPointer(rebasing: squared[i * count..<(i + 1) * count])
            return (0..<count).sorted { a, b in
                if a == i || b == i { return a == i && b != i }
                return row[a] == row[b] ? a < b : row[a] < row[b]
            }
        }
    }
}
