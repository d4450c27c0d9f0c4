// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetMessaging
import Logging
import Synchronization

/// Takes a machine's readings off the bus's thread, and holds them until its device has time for them.
///
/// What finds no room is lost and counted, and leaves a gap; so does what can not be read. A message that the broker kept
/// from before is taken only if it says its own time, for otherwise nobody knows how old its reading is.
final class MessageFeed: Sendable {
    /// Most samples that wait.
    static let maximumSamples = 1024
    /// A refusal is logged at most this often, in milliseconds.
    private static let logEveryMilliseconds: Int64 = 60_000

    private struct State {
        var followsGap = false
        var lost = 0
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

    /// Samples that found no room, and messages that could not be read.
    var losses: (lost: Int, refused: Int) { state.withLock { ($0.lost, $0.refused) } }

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
            state.withLock { state in
                state.followsGap = !hadRoom
                state.lost += hadRoom ? 0 : 1
            }
        } catch {
            let refused = state.withLock { state -> Int? in
                state.refused += 1
                let isDue = state.lastLog.map { arrival.milliseconds(since: $0) >= Self.logEveryMilliseconds } ?? true
                if isDue { state.lastLog = arrival }
                return isDue ? state.refused : nil
            }
            guard let refused else { return }
            logger.warning(
                "a reading was refused", metadata: ["reason": "\(error)", "refused": "\(refused)"])
        }
    }
}
