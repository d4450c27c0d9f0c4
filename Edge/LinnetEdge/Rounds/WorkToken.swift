// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells work on the training thread that nobody wants its result any more.
final class WorkToken: Sendable {
    private let flag = Atomic(false)

    var isCancelled: Bool { flag.load(ordering: .relaxed) }

    func cancel() { flag.store(true, ordering: .relaxed) }
}
