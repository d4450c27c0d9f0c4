// SPDX-License-Identifier: Apache-2.0

/// A row-major matrix of Floats, `[rows, columns]`.
///
///     var windows = Matrix(rows: 0, columns: 8)
///     windows.appendRow(window.values)
///
/// A data set has one example per row. Shapes are the caller's promise: a wrong one is a programmer's error and traps.
public struct Matrix: Sendable, Equatable {
    /// The number of rows.
    public private(set) var rows: Int
    /// The number of columns.
    public let columns: Int
    @usableFromInline var storage: [Float]

    /// Makes a matrix of zeros, `[rows, columns]`.
    public init(rows: Int, columns: Int) {
        self.init(rows: rows, columns: columns, values: [Float](repeating: 0, count: rows * columns))
    }

    /// Takes over `values`, row after row; there are `rows * columns` of them.
    public init(rows: Int, columns: Int, values: [Float]) {
        precondition(rows >= 0 && columns >= 0, "a matrix cannot be \(rows) x \(columns)")
        precondition(values.count == rows * columns, "\(rows) x \(columns) is not \(values.count) elements")
        self.rows = rows
        self.columns = columns
        storage = values
    }

    /// The elements, row after row, `[rows * columns]`.
    public var values: [Float] { storage }

    /// The element in row `r` and column `c`.
    public subscript(r: Int, c: Int) -> Float {
        get { storage[offset(r, c)] }
        set { storage[offset(r, c)] = newValue }
    }

    /// Appends one row of `columns` elements.
    public mutating func appendRow(_ row: some Collection<Float>) {
        precondition(row.count == columns, "a row has \(columns) elements, got \(row.count)")
        storage.append(contentsOf: row)
        rows += 1
    }

    /// - Returns: row `r`, `[columns]`, without a copy.
    public func row(_ r: Int) -> ArraySlice<Float> {
        precondition((0..<rows).contains(r), "row \(r) of \(rows)")
        return storage[r * columns..<(r + 1) * columns]
    }

    /// - Returns: a copy of the rows in `range`, `[range.count, columns]`.
    public func rows(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
        let slice = storage[range.lowerBound * columns..<range.upperBound * columns]
        return Matrix(rows: range.count, columns: columns, values: Array(slice))
    }

    /// Calls `body` with the elements in place, row after row.
    @inlinable
    public func withUnsafeBufferPointer<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withUnsafeBufferPointer { buffer throws(Failure) in try body(buffer) }
    }

    private func offset(_ r: Int, _ c: Int) -> Int {
        precondition((0..<rows).contains(r) && (0..<columns).contains(c), "(\(r), \(c)) of \(rows) x \(columns)")
        return r * columns + c
    }
}
