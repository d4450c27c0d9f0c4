// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads a text file line by line, never holding more than one line and one block of it.
///
/// The CSV packages there are read a file whole; a recording of weeks must not have to fit into an agent's memory.
struct LineReader: Sendable {
    /// Closes the file once nobody reads it any more.
    private final class OpenFile: Sendable {
        let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { close(descriptor) }
    }

    static let maximumLineBytes = 65_536
    private static let blockBytes = 65_536

    let path: String
    private let file: OpenFile
    /// Where the next block begins; each copy of a reader has its own place.
    private var offset = 0
    private var block: [UInt8] = []
    private var position = 0
    /// Number of the line that was read last, from 1.
    private(set) var lineNumber = 0
    /// Whether the line that was read last had an end.
    private var endedWithNewline = false

    /// - Throws: ``DetectionError/source(_:)`` if the file can not be opened.
    init(path: String) throws(DetectionError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .source("\(path): \(String(cString: strerror(errno)))") }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .source("\(path): not a file")
        }
        self.path = path
        file = OpenFile(descriptor)
    }

    /// Begins again at the first line.
    mutating func rewind() {
        offset = 0
        block = []
        position = 0
        lineNumber = 0
    }

    /// Where a reader of a growing file begins: behind its last whole line.
    ///
    /// - Throws: as ``next()``.
    mutating func skipToEnd() throws(DetectionError) {
        var status = stat()
        guard fstat(file.descriptor, &status) == 0 else {
            throw .source("\(path): \(String(cString: strerror(errno)))")
        }
        // A line may begin before the part that is looked at; where it begins in it, only its end is read.
        let start = max(0, Int(status.st_size) - Self.maximumLineBytes)
        if start > consumed {
            (offset, block, position) = (start, [], 0)
        }
        while try nextWhole() != nil {}
    }

    /// Whether the path leads to another file by now, or the file has become shorter than what was read of it: a logger
    /// has begun a new one.
    var wasReplaced: Bool {
        var (own, other) = (stat(), stat())
        guard fstat(file.descriptor, &own) == 0, stat(path, &other) == 0 else { return false }
        return own.st_ino != other.st_ino || own.st_dev != other.st_dev || Int(own.st_size) < consumed
    }

    /// The next line that has an end; `nil` where there is none yet, and what there is of one is read again then.
    ///
    /// - Throws: as ``next()``.
    mutating func nextWhole() throws(DetectionError) -> [UInt8]? {
        let (start, number) = (consumed, lineNumber)
        guard let line = try next() else { return nil }
        if endedWithNewline { return line }
        (offset, block, position, lineNumber) = (start, [], 0, number)
        return nil
    }

    /// Bytes of the file that have been handed out.
    private var consumed: Int { offset - block.count + position }

    /// The next line without its end; `nil` after the last.
    ///
    /// - Throws: ``DetectionError/source(_:)`` for a line over ``maximumLineBytes``, or a failing disk.
    mutating func next() throws(DetectionError) -> [UInt8]? {
        var line: [UInt8] = []
        endedWithNewline = false
        while true {
            if position == block.count {
                try readBlock()
                if block.isEmpty {
                    if line.isEmpty { return nil }
                    break
                }
            }
            let end = block[position...].firstIndex(of: 10) ?? block.count
            line.append(contentsOf: block[position..<end])
            guard line.count <= Self.maximumLineBytes else {
                throw .source("\(path):\(lineNumber + 1): a line of more than \(Self.maximumLineBytes) bytes")
            }
            position = min(end + 1, block.count)
            endedWithNewline = end < block.count
            if endedWithNewline { break }
        }
        lineNumber += 1
        if line.last == 13 { line.removeLast() }
        return line
    }

    private mutating func readBlock() throws(DetectionError) {
        var bytes = [UInt8](repeating: 0, count: Self.blockBytes)
        let count = bytes.withUnsafeMutableBytes { pread(file.descriptor, $0.baseAddress, $0.count, off_t(offset)) }
        guard count >= 0 else { throw .source("\(path): \(String(cString: strerror(errno)))") }
        block = Array(bytes.prefix(count))
        position = 0
        offset += count
    }
}
