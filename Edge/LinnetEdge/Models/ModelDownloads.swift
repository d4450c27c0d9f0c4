// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import Logging

/// Gets model files from the broadcast for all parts of the agent, each file once.
public actor ModelDownloads {
    /// Most files that are gathered at once: a candidate and a round's base, with one of each superseded.
    public static let maximum = 4
    /// Largest model file an agent takes, in bytes.
    public static let maximumBytes = 64 << 20

    /// Who wants a file; one file may be wanted by both.
    public enum Purpose: Hashable, Sendable { case candidate, roundBase }

    private struct Download {
        var fetch: ChunkFetch
        var receivers: [Purpose: @Sendable (Data) -> Void]
    }

    private let agent: AgentID
    private let topics: TopicScheme
    private let bus: (any MessageBus)?
    private let clock: AgentClock
    private let logger: Logger
    private var downloads: [Digest: Download] = [:]

    public init(agent: AgentID, topics: TopicScheme, bus: (any MessageBus)?, clock: AgentClock, logger: Logger) {
        self.agent = agent
        self.topics = topics
        self.bus = bus
        self.clock = clock
        self.logger = logger
    }

    /// Gets a file and hands it to `receive`, once its digest is the one that was signed.
    ///
    /// - Returns: whether it was begun; `false` if too many files are gathered already, or it is too large.
    @discardableResult
    public func get(_ plan: ChunkPlan, for purpose: Purpose, receive: @escaping @Sendable (Data) -> Void) -> Bool {
        if downloads[plan.digest] != nil {
            downloads[plan.digest]?.receivers[purpose] = receive
            return true
        }
        guard downloads.count < Self.maximum, plan.bytes <= Self.maximumBytes else { return false }
        let fetch = ChunkFetch(plan, uptime: clock.uptime())
        downloads[plan.digest] = Download(fetch: fetch, receivers: [purpose: receive])
        return true
    }

    /// Gives up a file, unless somebody else wants it.
    public func forget(_ digest: Digest, for purpose: Purpose) {
        downloads[digest]?.receivers[purpose] = nil
        if downloads[digest]?.receivers.isEmpty ?? false { downloads[digest] = nil }
    }

    /// Takes in a chunk; one of a file that nobody asked for is passed over.
    public func take(_ chunk: Data, of digest: Digest, index: Int) {
        guard let file = downloads[digest]?.fetch.take(chunk, at: index, uptime: clock.uptime()) else { return }
        let receivers = downloads.removeValue(forKey: digest)?.receivers ?? [:]
        logger.info("model downloaded", metadata: ["model": "\(digest.short)", "bytes": "\(file.count)"])
        for receive in receivers.values { receive(file) }
    }

    /// Asks for what is missing, after a reconnect as soon as possible.
    public func connectionChanged(isConnected: Bool) {
        guard isConnected else { return }
        for digest in downloads.keys { downloads[digest]?.fetch.connected(uptime: clock.uptime()) }
    }

    /// Asks for chunks that have not come in time.
    public func tick() async {
        guard let bus else { return }
        for digest in downloads.keys.sorted(by: { $0.hex < $1.hex }) {
            guard let request = downloads[digest]?.fetch.tick(uptime: clock.uptime()) else { continue }
            do {
                let payload = try Wire.encode(request)
                try await bus.publish(Message(topic: topics.text(.get(agent)), payload: payload, expirySeconds: 60))
            } catch {
                logger.debug("chunks not asked for, tried again later", metadata: ["reason": "\(error)"])
            }
        }
    }
}
