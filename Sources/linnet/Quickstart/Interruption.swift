// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Ctrl-C and its kin: the first asks for an orderly end, the second ends at once.
enum Interruption {
    private static let count = Atomic<Int>(0)

    /// Whether somebody asked for the end.
    static var isAsked: Bool { count.load(ordering: .relaxed) > 0 }

    /// Starts listening to SIGINT, SIGTERM and SIGHUP.
    static func listen() {
        var own = sigset_t()
        sigemptyset(&own)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&own, number) }
        // Whoever started this may have blocked them.
        pthread_sigmask(SIG_UNBLOCK, &own, nil)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in
                // Nothing but an atomic and _exit: all that a signal handler may do. The kernel then ends the processes.
                if Interruption.count.add(1, ordering: .relaxed).newValue > 1 { _exit(130) }
            }
        }
    }
}
