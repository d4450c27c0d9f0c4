// SPDX-License-Identifier: Apache-2.0

import GRDB

extension EdgeStore {
    /// Has commits watched by an observer, which may also undo one; how tests stop an agent at a chosen commit.
    package func observe(_ observer: any TransactionObserver) {
        queue.add(transactionObserver: observer, extent: .observerLifetime)
    }
}

extension EdgeAgent {
    /// Has commits of the agent's store watched: see ``EdgeStore/observe(_:)``.
    package func observe(_ observer: any TransactionObserver) { parts.store.observe(observer) }
}
