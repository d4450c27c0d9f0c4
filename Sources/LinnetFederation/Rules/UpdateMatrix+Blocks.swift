// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

extension UpdateMatrix {
    /// Calls `body` with all columns of a range, a piece at a time: `[n, columns.count]`, row after row, to be overwritten
    /// at will.
    ///
    /// - Parameter width: columns of a piece; the last one may have fewer.
    func forEachBlock(
        of range: Range<Int>, width: Int, _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
    ) throws(AggregationError) {
        // What is fetched at a time is a whole number of blocks, so that none lies across two fetches.
        let fetched = max(1, source.columnsAtOnce / width) * width
        let size = rowCount * (fetched + width)
        // From a cache line's start on: no vector of a block of whole lines lies across two of them.
        let lines = UnsafeMutableRawPointer.allocate(byteCount: size * MemoryLayout<Float>.stride, alignment: 64)
        defer { lines.deallocate() }
        let memory = lines.bindMemory(to: Float.self, capacity: size)
        let block = memory + rowCount * fetched
        for start in stride(from: range.lowerBound, to: range.upperBound, by: fetched) {
            let columns = start..<min(start + fetched, range.upperBound)
            try load(columns, into: memory)
            guard fetched > width else {
                body(columns, memory)
                continue
            }
            for first in stride(from: columns.lowerBound, to: columns.upperBound, by: width) {
                let part = first..<min(first + width, columns.upperBound)
                for row in 0..<rowCount {
                    let values = memory + row * columns.count + (first - columns.lowerBound)
                    (block + row * part.count).update(from: values, count: part.count)
                }
                body(part, block)
            }
        }
    }

    /// Calls `body` for stretches of columns, on as many threads as there are.
    ///
    /// - Parameter width: all stretches but the last are a multiple of it.
    /// - Throws: the error of the first stretch that has one.
    func inParallel(
        width: Int, _ body: (Range<Int>) throws(AggregationError) -> Void
    ) throws(AggregationError) {
        // Several stretches a thread: one that is held up by something else does not hold up the rest.
        let pieces = Workers.count == 1 ? 1 : Workers.count * 4
        let length = max(width, (columnCount / pieces + width - 1) / width * width)
        let starts = Array(stride(from: 0, to: columnCount, by: length))
        try Workers.perform(starts.count) { (piece) throws(AggregationError) in
            try body(starts[piece]..<min(starts[piece] + length, columnCount))
        }
    }

    /// How many columns a block has: as many as keep it in the second cache, in whole cache lines, and a few of them at
    /// least, since what is done to rows of a block is done in long vectors.
    private var blockWidth: Int { blockWidth(numbers: 65_536) }

    /// How many columns a block of about so many numbers has.
    private func blockWidth(numbers: Int) -> Int { min(max(32, numbers / max(1, rowCount) / 16 * 16), 256) }

    /// Runs a reducer over all columns.
    ///
    /// - Parameter prepare: replaces the rows of a block, `[n,width]`, by others before it is reduced.
    func reduced(
        by reducer: any ColumnReducer, prepare: ((UnsafeMutablePointer<Float>, Int) -> Void)? = nil
    ) throws(AggregationError) -> ParameterVector {
        // What is read but once need not stay in the second cache, and short pieces of updates are slow to fetch.
        let width = prepare == nil ? blockWidth(numbers: 131_072) : blockWidth
        var result = ParameterVector(repeating: 0, count: columnCount)
        try result.withUnsafeMutableBufferPointer { result throws(AggregationError) in
            guard let result = result.baseAddress else { return }
            try inParallel(width: width) { range throws(AggregationError) in
                try forEachBlock(of: range, width: width) { columns, block in
                    prepare?(block, columns.count)
                    reducer.reduce(block, width: columns.count, into: result + columns.lowerBound)
                }
            }
        }
        return result
    }

    /// All rows after each block of columns has been prepared: `[n][P]`, in memory.
    func prepared(
        by prepare: (UnsafeMutablePointer<Float>, Int) -> Void
    ) throws(AggregationError) -> [ParameterVector] {
        var prepared = [ParameterVector](
            repeating: ParameterVector(repeating: 0, count: columnCount), count: rowCount)
        try forEachBlock(of: 0..<columnCount, width: blockWidth) { columns, block in
            prepare(block, columns.count)
            for row in 0..<rowCount {
                for column in columns {
                    prepared[row][column] = block[row * columns.count + column - columns.lowerBound]
                }
            }
        }
        return prepared
    }
}
