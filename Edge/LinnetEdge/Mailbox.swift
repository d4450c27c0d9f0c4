// SPDX-License-Identifier: Apache-2.0

/// Where one part of the agent hands something to another without waiting for it.
///
/// It has a limit, and what comes when it is full is lost; what must not be lost is in the store, or is said again.
final class Mailbox<Element: Sendable>: Sendable {
    let stream: AsyncStream<Element>
    private let continuation: AsyncStream<Element>.Continuation

    /// - Parameter limit: most elements that wait.
    init(limit: Int = 1024) {
        (stream, continuation) = AsyncStream.makeStream(of: Element.self, bufferingPolicy: .bufferingOldest(limit))
    }

    /// - Returns: whether there was room.
    @discardableResult
    func post(_ element: Element) -> Bool {
        if case .enqueued = continuation.yield(element) { true } else { false }
    }

    /// Ends the stream, once what waits has been taken.
    func close() { continuation.finish() }
}
