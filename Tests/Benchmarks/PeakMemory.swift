// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The most memory that this process has held at a time, as the kernel counts it.
enum PeakMemory {
    /// Begins anew from what is held now.
    ///
    /// - Returns: MiB held now.
    static func restart() -> Double {
        // Refused where the kernel was built without it; then the peak is that of the whole process, which is no less.
        try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
        return mebibytes("VmRSS:")
    }

    /// MiB held at the peak.
    static var mebibytes: Double { mebibytes("VmHWM:") }

    private static func mebibytes(_ key: String) -> Double {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix(key) })
        else { return .nan }
        return (line.split(separator: " ").dropLast().last.flatMap { Double($0.filter(\.isNumber)) } ?? .nan) / 1024
    }
}
