// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How much memory this process has in RAM.
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
}
