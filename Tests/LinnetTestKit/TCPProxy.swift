// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Stands between a client and a server on this machine, and is the bad network: it can cut connections, hold every byte
/// back, or refuse new connections.
public final class TCPProxy: Sendable {
    private struct State {
        /// Connections of an older generation are to be closed.
        var generation = 0
        var isFrozen = false
        var isRefusing = false
        var isOver = false
    }

    /// What both kinds of thread share, so that neither keeps the proxy itself alive.
    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    public let port: Int
    private let shared = Shared()

    /// Listens on a free port, and passes every connection on to `target`.
    public init(to target: Int) throws {
        port = try Loopback.freePort()
        let listener = try Loopback.listen(on: port)
        Thread.detachNewThread { [shared] in Self.accept(on: listener, target: target, shared: shared) }
    }

    deinit { shared.state.withLock { $0.isOver = true } }

    /// Closes every connection at once; new ones are accepted.
    public func cut() { shared.state.withLock { $0.generation += 1 } }

    /// Holds all bytes back, or lets them flow again; connections stay open.
    public func freeze(_ isFrozen: Bool = true) { shared.state.withLock { $0.isFrozen = isFrozen } }

    /// Closes new connections as soon as they are made, or accepts them again.
    public func refuse(_ isRefusing: Bool = true) { shared.state.withLock { $0.isRefusing = isRefusing } }

    private static func accept(on listener: Int32, target: Int, shared: Shared) {
        defer { close(listener) }
        while true {
            let state = shared.state.withLock { $0 }
            if state.isOver { return }
            var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 20) > 0 else { continue }
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { continue }
            guard !shared.state.withLock({ $0.isRefusing }), let server = try? Loopback.connect(to: target) else {
                // The server is down, which is what the client is to see.
                close(client)
                continue
            }
            Thread.detachNewThread {
                pass(client, server, generation: state.generation, shared: shared)
                close(client)
                close(server)
            }
        }
    }

    /// Copies bytes in both directions until one side closes, or the connection is cut.
    private static func pass(_ client: Int32, _ server: Int32, generation: Int, shared: Shared) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let state = shared.state.withLock { $0 }
            if state.isOver || state.generation != generation { return }
            if state.isFrozen {
                usleep(2000)
                continue
            }
            var ends = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: server, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&ends, 2, 2) > 0 else { continue }
            for (from, to) in [(0, 1), (1, 0)] where ends[from].revents != 0 {
                let count = read(ends[from].fd, &buffer, buffer.count)
                guard count > 0 else { return }
                var written = 0
                while written < count {
                    let step = buffer.withUnsafeBytes {
                        send(ends[to].fd, $0.baseAddress! + written, count - written, Int32(MSG_NOSIGNAL))
                    }
                    guard step > 0 else { return }
                    written += step
                }
            }
        }
    }
}
