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

    /// Gives back what only start-up or training needed: pages of code and tables that may never be read again, and free heap.
    ///
    /// They come back by themselves when they are read, from the page cache; dropping them leaves the working set.
    public static func release() {
        for range in fileRanges(smaps: text(of: "/proc/self/smaps")) {
            guard let start = UnsafeMutableRawPointer(bitPattern: range.lowerBound) else { continue }
            madvise(start, Int(range.upperBound - range.lowerBound), MADV_DONTNEED)
        }
        Heap.trim()
    }

    /// The private mappings of files that can not be written and have no page of their own: all that is in them is the
    /// file's. What the loader has relocated and locked afterwards has such pages.
    ///
    ///     7f5c10000000-7f5c10200000 r-xp 00000000 08:01 1234    /usr/lib/x86_64-linux-gnu/libc.so.6
    ///     Anonymous:             0 kB
    package static func fileRanges(smaps: String) -> [Range<UInt>] {
        var ranges: [Range<UInt>] = []
        var mapping: Range<UInt>?
        for line in smaps.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            if words.first == "Anonymous:" {
                if words.count > 1, words[1] == "0", let mapping { ranges.append(mapping) }
                mapping = nil
            } else if words.first?.last != ":" {
                mapping = fileMapping(words)
            }
        }
        return ranges
    }

    private static func fileMapping(_ words: [Substring]) -> Range<UInt>? {
        guard words.count == 6, words[1] == "r-xp" || words[1] == "r--p",
            words[5].drop(while: { $0 == " " }).hasPrefix("/")
        else { return nil }
        let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard ends.count == 2, ends[0] < ends[1] else { return nil }
        return ends[0]..<ends[1]
    }

    private static func text(of path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
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
