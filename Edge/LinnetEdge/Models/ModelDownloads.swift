// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import Logging

/// Gets model files from the broadcast for all parts of the agent, each file once.
///
/// What has come of a candidate is kept in the store a few times a second, so that a restart asks only for the rest.
public actor ModelDownloads {
    /// Most files that are gathered at once: a candidate and a round's base, with one of each superseded.
    public static let maximum = 4
    /// Largest model file an agent takes, in bytes.
    public static let maximumBytes = 64 << 20

    /// Who wants a file; one file may be wanted by both.
    public enum Purpose: Hashable, Sendable { case candidate, roundBase }

    private struct Receiver {
        var receive: @Sendable (Data) -> Void
        var failed: @Sendable (ModelRefusal) -> Void
    }

    private struct Download {
        var fetch: ChunkFetch
        var receivers: [Purpose: Receiver]
        /// Chunks of a candidate that the store does not hold yet.
        var unsaved: [Int: Data] = [:]
        var resumed = 0

        var evidence: [String: Double] {
            [
                "download.bytes": Double(fetch.plan.bytes), "download.chunks": Double(fetch.plan.count),
                "download.chunksAsked": Double(fetch.asked), "download.chunksResumed": Double(resumed),
            ]
        }
    }

    private let agent: AgentID
    private let topics: TopicScheme
    private let bus: (any MessageBus)?
    private let store: EdgeStore
    private let clock: AgentClock
    private let logger: Logger
    private var downloads: [Digest: Download] = [:]
    /// What was counted for the last files that came whole.
    private var finished: [(digest: Digest, evidence: [String: Double])] = []
    private var isStoreStale = false
    /// Chunks that were no part of any file that is wanted.
    public private(set) var chunksPassedOver = 0

    public init(
        agent: AgentID, topics: TopicScheme, bus: (any MessageBus)?, store: EdgeStore, clock: AgentClock, logger: Logger
    ) {
        self.agent = agent
        self.topics = topics
        self.bus = bus
        self.store = store
        self.clock = clock
        self.logger = logger
    }

    /// Gets a file and hands it to `receive`, once its digest is the one that was signed.
    ///
    /// - Parameters:
    ///   - chunks: what is here already, by place.
    ///   - failed: called instead where the file is given up.
    /// - Returns: whether it was begun; `false` if too many files are gathered already, or it is too large.
    @discardableResult
    public func get(
        _ plan: ChunkPlan, for purpose: Purpose, resuming chunks: [Int: Data] = [:],
        failed: @escaping @Sendable (ModelRefusal) -> Void = { _ in }, receive: @escaping @Sendable (Data) -> Void
    ) -> Bool {
        let receiver = Receiver(receive: receive, failed: failed)
        if downloads[plan.digest] == nil {
            guard downloads.count < Self.maximum, plan.bytes <= Self.maximumBytes else { return false }
            downloads[plan.digest] = Download(fetch: ChunkFetch(plan, uptime: clock.uptime()), receivers: [:])
        }
        downloads[plan.digest]?.receivers[purpose] = receiver
        for (index, chunk) in chunks.sorted(by: { $0.key < $1.key }) {
            add(chunk, of: plan.digest, index, isNew: false)
        }
        return true
    }

    /// Gives up a file, unless somebody else wants it.
    public func forget(_ digest: Digest, for purpose: Purpose) {
        downloads[digest]?.receivers[purpose] = nil
        if downloads[digest]?.receivers.isEmpty ?? false { downloads[digest] = nil }
    }

    /// Takes in a chunk; one of a file that nobody asked for is passed over.
    public func take(_ chunk: Data, of digest: Digest, index: Int) { add(chunk, of: digest, index, isNew: true) }

    private func add(_ chunk: Data, of digest: Digest, _ index: Int, isNew: Bool) {
        guard var download = downloads[digest] else {
            chunksPassedOver += 1
            return
        }
        let before = (received: download.fetch.received, corruptions: download.fetch.corruptions)
        let file = download.fetch.take(chunk, at: index, uptime: clock.uptime())
        if download.fetch.received > before.received {
            if isNew { download.unsaved[index] = chunk } else { download.resumed += 1 }
        } else if download.fetch.corruptions > before.corruptions {
            download.unsaved = [:]
            isStoreStale = true
        } else if file == nil {
            chunksPassedOver += 1
        }
        if let file {
            downloads[digest] = nil
            finished = finished.suffix(Self.maximum - 1) + [(digest, download.evidence)]
            logger.info("model downloaded", metadata: ["model": "\(digest.short)", "bytes": "\(file.count)"])
            for receiver in download.receivers.values { receiver.receive(file) }
        } else if let refusal = download.fetch.refusal {
            downloads[digest] = nil
            logger.warning("download given up", metadata: ["model": "\(digest.short)", "reason": "\(refusal)"])
            for receiver in download.receivers.values { receiver.failed(refusal) }
        } else {
            downloads[digest] = download
        }
    }

    /// What was counted while a file came, by name; empty for one that did not come from the broadcast.
    public func evidence(of digest: Digest) -> [String: Double] {
        finished.last { $0.digest == digest }?.evidence ?? [:]
    }

    /// Asks for what is missing, after a reconnect as soon as possible.
    public func connectionChanged(isConnected: Bool) {
        guard isConnected else { return }
        for digest in downloads.keys { downloads[digest]?.fetch.connected(uptime: clock.uptime()) }
    }

    /// Keeps the chunks that have come, and asks for those that have not come in time.
    ///
    /// - Throws: ``EdgeStoreError`` if the disk fails; a full one is done without.
    public func tick() async throws(EdgeStoreError) {
        guard let bus else { return }
        try await save()
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

    private func save() async throws(EdgeStoreError) {
        do {
            if isStoreStale {
                isStoreStale = false
                try await store.forgetChunks()
            }
            for (digest, download) in downloads where !download.unsaved.isEmpty {
                downloads[digest]?.unsaved = [:]
                guard download.receivers[.candidate] != nil else { continue }
                try await store.keep(download.unsaved, of: download.fetch.plan)
            }
        } catch {
            guard error.isTransient else { throw error }
            logger.warning("the disk is full; chunks are not kept over a restart")
        }
    }
}
