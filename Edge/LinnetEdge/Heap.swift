// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How the C library's allocator behaves in this process.
///
/// Swift does not see malloc.h on Linux, so its two functions are looked up by name; without them the agent works all the
/// same, with more memory.
public enum Heap {
    private typealias Trim = @convention(c) (Int) -> Int32
    private typealias Option = @convention(c) (Int32, Int32) -> Int32

    /// `M_ARENA_MAX` and `M_TRIM_THRESHOLD` of malloc.h.
    private static let arenaMaximum: Int32 = -8
    private static let trimThreshold: Int32 = -1

    /// Keeps memory together: two arenas rather than eight for each processor, and what is freed at the end goes back soon.
    public static func keepSmall() {
        guard let set = symbol("mallopt", as: Option.self) else { return }
        _ = set(arenaMaximum, 2)
        _ = set(trimThreshold, 64 * 1024)
    }

    /// Gives all free pages back to the system; after work that needed much for a short time.
    public static func trim() {
        guard let trim = symbol("malloc_trim", as: Trim.self) else { return }
        _ = trim(0)
    }

    private static func symbol<Function>(_ name: String, as type: Function.Type) -> Function? {
        // A nil handle means all that is loaded. The types are those of the two functions' declarations in malloc.h.
        dlsym(nil, name).map { unsafeBitCast($0, to: type) }
    }
}
