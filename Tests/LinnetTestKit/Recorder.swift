// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Keeps what a callback was told, in order.
public final class Recorder<Element: Sendable>: Sendable {
    private let kept = Mutex<[Element]>([])

    public init() {}

    public func append(_ element: Element) { kept.withLock { $0.append(element) } }

    public var all: [Element] { kept.withLock { $0 } }

    public var count: Int { kept.withLock { $0.count } }
}
