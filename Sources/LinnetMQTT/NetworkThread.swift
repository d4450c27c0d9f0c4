// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetMessaging

/// Runs one closure on a thread of its own: libmosquitto blocks, and must not do that on Swift's shared threads.
enum NetworkThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// - Throws: `.transport` if the system has no thread left.
    static func start(_ run: @escaping @Sendable () -> Void) throws(BusError) {
        let body = Unmanaged.passRetained(Body(run))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { pointer in
                if let pointer { Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        guard status == 0 else {
            body.release()
            throw .transport("no thread: \(String(cString: strerror(status)))")
        }
        pthread_detach(thread)
    }
}
