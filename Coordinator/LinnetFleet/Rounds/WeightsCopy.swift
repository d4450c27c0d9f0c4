// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetNumerics

/// The bare weights of a round's updates, `[n,P]`, for rules that read them by column: in memory if they are few, in a file
/// if they are many.
///
/// The file has no name once it is open, so the kernel takes its space back whatever becomes of the process. Rows are
/// written one after the other, as Floats in the machine's own byte order, and may then be read from several threads.
final class WeightsCopy: Sendable {
    private let columns: Int
    private let memory: [Float]
    /// The file, or -1 if the copy is in memory.
    private let file: Int32

    /// Copies all rows.
    ///
    /// - Parameters:
    ///   - memoryLimit: bytes up to which they are kept in memory.
    ///   - directory: where the file is made; on a disk, not in memory.
    ///   - row: lends the row of an index, `[columns]`; asked for each once, in order.
    /// - Throws: ``WeightsCopyError``, or what `row` throws.
    init(
        rows: Int, columns: Int, memoryLimit: Int, directory: String, _ row: (Int) throws -> ParameterVector
    ) throws {
        self.columns = columns
        guard rows * columns * 4 > memoryLimit else {
            var values: [Float] = []
            values.reserveCapacity(rows * columns)
            for index in 0..<rows { values += try row(index).values }
            memory = values
            file = -1
            return
        }
        memory = []
        var path = Array("\(directory)/round.XXXXXX".utf8CString)
        file = mkstemp(&path)
        guard file >= 0 else { throw WeightsCopyError(directory: directory, code: errno) }
        unlink(path)
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        for index in 0..<rows { try append(try row(index)) }
    }

    deinit {
        if file >= 0 { close(file) }
    }

    private func append(_ row: ParameterVector) throws(WeightsCopyError) {
        try row.withUnsafeBufferPointer { values throws(WeightsCopyError) in
            var rest = UnsafeRawBufferPointer(values)
            while !rest.isEmpty {
                let written = write(file, rest.baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw WeightsCopyError(directory: nil, code: errno) }
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
    }

    /// Copies some numbers of a row.
    func load(_ range: Range<Int>, of row: Int, into target: UnsafeMutablePointer<Float>) throws(WeightsCopyError) {
        let first = row * columns + range.lowerBound
        guard file >= 0 else {
            return memory.withUnsafeBufferPointer { memory in
                if let values = memory.baseAddress { target.update(from: values + first, count: range.count) }
            }
        }
        var (rest, offset) = (UnsafeMutableRawBufferPointer(start: target, count: range.count * 4), first * 4)
        while !rest.isEmpty {
            let found = pread(file, rest.baseAddress, rest.count, offset)
            if found < 0, errno == EINTR { continue }
            guard found > 0 else { throw WeightsCopyError(directory: nil, code: found == 0 ? EIO : errno) }
            rest = UnsafeMutableRawBufferPointer(rebasing: rest[found...])
            offset += found
        }
    }

    /// One row, `[P]`.
    func row(_ row: Int) throws(WeightsCopyError) -> ParameterVector {
        var parameters = ParameterVector(repeating: 0, count: columns)
        try parameters.withUnsafeMutableBufferPointer { values throws(WeightsCopyError) in
            if let target = values.baseAddress { try load(0..<columns, of: row, into: target) }
        }
        return parameters
    }
}

/// Why weights could not be copied to disk, or read back.
struct WeightsCopyError: Error, CustomStringConvertible {
    /// Where the file was to be; absent once there was one.
    let directory: String?
    let code: Int32

    var description: String {
        let reason = String(cString: strerror(code))
        return directory.map { "no file can be made in \($0): \(reason)" }
            ?? "the copy of the round's weights can not be written or read: \(reason)"
    }
}
