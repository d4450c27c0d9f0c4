// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How much memory this process has in RAM, and how it gives some of it back.
public enum ResidentMemory {
    /// Bytes, from /proc/self/statm; 0 where there is no such file.
    public static func bytes() -> Int {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = buffer.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
        guard count > 0 else { return 0 }
        return bytes(statm: String(decoding: buffer[..<count], as: UTF8.self), pageBytes: sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Reads the second number of statm's line, the resident pages.
    static func bytes(statm: String, pageBytes: Int) -> Int {
        let words = statm.split(separator: " ")
        guard words.count >= 2, let pages = Int(words[1]) else { return 0 }
        let (bytes, overflow) = pages.multipliedReportingOverflow(by: pageBytes)
        return overflow ? 0 : bytes
    }

    /// Gives back what only start-up or training needed: free heap, and pages of code that may never run again.
    ///
    /// Code comes back by itself when it runs, from the page cache; dropping it leaves the working set.
    public static func release() {
        Heap.trim()
        for range in codeRanges(maps: maps()) {
            guard let start = UnsafeMutableRawPointer(bitPattern: range.lowerBound) else { continue }
            madvise(start, Int(range.upperBound - range.lowerBound), MADV_DONTNEED)
        }
    }

    /// The mappings of files that are executable and private and can not be written: their pages are never anything but
    /// the file's.
    ///
    ///     7f5c10000000-7f5c10200000 r-xp 00000000 08:01 1234    /usr/lib/x86_64-linux-gnu/libc.so.6
    package static func codeRanges(maps: String) -> [Range<UInt>] {
        maps.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard words.count == 6, words[1] == "r-xp", words[5].drop(while: { $0 == " " }).hasPrefix("/") else {
                return nil
            }
            let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard ends.count == 2, ends[0] < ends[1] else { return nil }
            return ends[0]..<ends[1]
        }
    }

    private static func maps() -> String {
        let file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while text.count < 4 << 20 {
            let count = buffer.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            text.append(contentsOf: buffer[..<count])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
