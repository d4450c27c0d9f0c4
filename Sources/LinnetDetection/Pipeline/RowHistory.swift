// SPDX-License-Identifier: Apache-2.0

/// The last samples as one flat window, oldest first, `[length, channels]`.
///
/// Until enough samples have come, the first stands in for those before it: every sample gets a score.
public struct RowHistory: Sendable, Equatable {
    public let length: Int
    public private(set) var values: [Float] = []

    /// - Parameter length: samples of a window, at least 1.
    public init(length: Int) { self.length = max(1, length) }

    /// Takes in the next sample, `[channels]`.
    public mutating func push(_ row: [Float]) {
        guard !values.isEmpty else {
            values = [Float](repeatingRows: row, length)
            return
        }
        let kept = values.count - row.count
        for position in 0..<kept { values[position] = values[position + row.count] }
        for channel in row.indices { values[kept + channel] = row[channel] }
    }

    /// Forgets all samples.
    public mutating func restart() { values = [] }
}

extension [Float] {
    fileprivate init(repeatingRows row: [Float], _ count: Int) {
        self = []
        reserveCapacity(row.count * count)
        for _ in 0..<count { append(contentsOf: row) }
    }
}
