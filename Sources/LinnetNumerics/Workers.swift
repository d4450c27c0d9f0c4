// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization

/// Runs pieces of work that do not depend on one another, on one thread or on several.
///
/// Whoever uses it makes each piece's result the same whichever thread computes it, so that the number of threads changes
/// nothing but the time.
public enum Workers {
    private static let limit = Atomic(1)

    /// How many threads work at most; 1 unless told otherwise.
    public static var count: Int { limit.load(ordering: .relaxed) }

    /// Sets how many threads work at most, 1 to 64; a composition root calls it first, if at all.
    public static func use(_ count: Int) { limit.store(min(max(1, count), 64), ordering: .relaxed) }

    /// Uses as many threads as there are processors.
    public static func useAllProcessors() { use(sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Calls `body` with 0 to `pieces - 1`, each once, and returns when all are done.
    ///
    /// - Throws: the error of the first piece that has one; the others are done all the same.
    public static func perform<Failure: Error>(
        _ pieces: Int, _ body: (Int) throws(Failure) -> Void
    ) throws(Failure) {
        guard count > 1, pieces > 1 else {
            for piece in 0..<max(0, pieces) { try body(piece) }
            return
        }
        var failures = [Failure?](repeating: nil, count: pieces)
        failures.withUnsafeMutableBufferPointer { failures in
            withoutActuallyEscaping(body) { body in
                // Each piece writes to a place of its own, and all are done before this returns.
                nonisolated(unsafe) let (body, failures) = (body, failures)
                DispatchQueue.concurrentPerform(iterations: pieces) { piece in
                    do throws(Failure) { try body(piece) } catch { failures[piece] = error }
                }
            }
        }
        if let failure = failures.lazy.compactMap({ $0 }).first { throw failure }
    }
}
