// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetMessaging
import Logging

/// What the network thread does: one session after the other, with a pause between them, until the bus is stopped.
///
/// Whatever ends a session, the next one is tried: a refusal may be a broker's access rules being reloaded, a lost
/// certificate may be renewed.
struct NetworkLoop {
    private let core: BusCore
    private var delay: ReconnectDelay
    private var generator: any RandomNumberGenerator
    private var lastReason: String?

    init(core: BusCore, generator: any RandomNumberGenerator) {
        self.core = core
        self.generator = generator
        delay = ReconnectDelay(
            base: core.settings.reconnectDelay, maximum: core.settings.maximumReconnectDelay)
    }

    mutating func run() {
        while !core.isStopping {
            core.tellNewcomers()
            guard let failure = serve() else { break }
            core.disconnected(failure.reason)
            let pause = delay.next(using: &generator)
            log(failure, pause)
            wait(pause)
        }
        core.tellNewcomers()
        core.ended()
    }

    /// - Returns: why the session ended; `nil` if the bus is stopped.
    private mutating func serve() -> ConnectionFailure? {
        do throws(ConnectionFailure) {
            var session = try Session(core: core)
            defer {
                if let connectedAt = session.connectedAt {
                    delay.connectionEnded(after: .now - connectedAt)
                    lastReason = nil
                }
            }
            try session.run()
            return nil
        } catch {
            return error
        }
    }

    /// The same reason over and over is said once.
    private mutating func log(_ failure: ConnectionFailure, _ pause: Duration) {
        let level = failure.reason == lastReason ? Logger.Level.debug : .info
        lastReason = failure.reason
        core.logger.log(
            level: level, "broker not connected",
            metadata: ["mqtt.reason": "\(failure.reason)", "mqtt.retry": "\(pause)"])
    }

    /// Waits, and meanwhile answers observers that come; a stop ends it.
    private func wait(_ pause: Duration) {
        let end = ContinuousClock.now + pause
        while !core.isStopping {
            let left = end - .now
            guard left > .zero else { return }
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            var polled = pollfd(fd: core.wake.readingEnd, events: Int16(POLLIN), revents: 0)
            // One more, so that the last fraction of a millisecond is not spent spinning.
            _ = poll(&polled, 1, Int32(clamping: milliseconds + 1))
            core.wake.drain()
            core.tellNewcomers()
        }
    }
}
