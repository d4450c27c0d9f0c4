// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetMessaging

/// Ends another thread's `poll` at once; a pipe whose reading end is among the polled descriptors.
final class WakePipe: Sendable {
    /// -1, which `poll` passes over, where the pipe could not be made.
    let readingEnd: Int32
    private let writingEnd: Int32
    /// Why the pipe could not be made.
    let failure: BusError?

    init() {
        var ends: [Int32] = [-1, -1]
        var isMade = pipe(&ends) == 0
        for end in ends where isMade {
            let flags = fcntl(end, F_GETFL, 0)
            isMade = flags >= 0 && fcntl(end, F_SETFL, flags | O_NONBLOCK) == 0 && fcntl(end, F_SETFD, FD_CLOEXEC) == 0
        }
        failure = isMade ? nil : .transport("no pipe: \(String(cString: strerror(errno)))")
        readingEnd = ends[0]
        writingEnd = ends[1]
    }

    deinit {
        close(readingEnd)
        close(writingEnd)
    }

    func signal() {
        var byte: UInt8 = 1
        // A full pipe wakes the reader just as well.
        _ = write(writingEnd, &byte, 1)
    }

    /// Takes away all signals; called by the reader before it looks at what it was woken for.
    func drain() {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { bytes in
            while read(readingEnd, bytes.baseAddress, bytes.count) > 0 {}
        }
    }
}
