// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetMessaging
import Logging
import Synchronization

/// Takes a machine's readings off the bus's thread, and holds them until its device has time for them.
///
/// What finds no room, or can not be read, is refused, counted and logged; no window spans what found no room. A message
/// that the broker kept from before is taken only if it says its own time, for otherwise nobody knows how old its reading
/// is.
final class MessageFeed: Sendable {
    /// Most samples that wait.
    static let maximumSamples = 1024
    /// A refusal is logged at most this often, in milliseconds.
    private static let logEveryMilliseconds: Int64 = 60_000

    private struct State {
        var followsGap = false
        var refused = 0
        var lastLog: Timestamp?
    }

    private let fields: MessageFields
    private let clock: WallClock
    private let logger: Logger
    private let mailbox = Mailbox<Sample>(limit: maximumSamples)
    private let state = Mutex(State())

    init(fields: MessageFields, clock: WallClock, logger: Logger) {
        self.fields = fields
        self.clock = clock
        self.logger = logger
    }

    /// The samples, in the order in which their messages came.
    var samples: AsyncStream<Sample> { mailbox.stream }

    /// Subscribes to all topics of the machine, before the bus runs.
    func attach(to bus: any MessageBus) {
        for topic in fields.topics { bus.subscribe(to: TopicFilter(topic)) { [self] in receive($0) } }
    }

    private func receive(_ message: Message) {
        guard !message.wasRetained || !fields.timeField.isEmpty else { return }
        let arrival = clock.now()
        do throws(DetectionError) {
            let found = try fields.sample(topic: message.topic, payload: message.payload, arrival: arrival)
            guard var sample = found else { return }
            sample.followsGap = state.withLock { $0.followsGap }
            let hadRoom = mailbox.post(sample)
            state.withLock { $0.followsGap = !hadRoom }
            if !hadRoom { refused("\(Self.maximumSamples) samples of the device wait already", at: arrival) }
        } catch {
            refused("\(error)", at: arrival)
        }
    }

    private func refused(_ reason: String, at arrival: Timestamp) {
        let count = state.withLock { state -> Int? in
            state.refused += 1
            let isDue = state.lastLog.map { arrival.milliseconds(since: $0) >= Self.logEveryMilliseconds } ?? true
            if isDue { state.lastLog = arrival }
            return isDue ? state.refused : nil
        }
        guard let count else { return }
        logger.warning("a reading was refused", metadata: ["reason": "\(reason)", "refused": "\(count)"])
    }
}
