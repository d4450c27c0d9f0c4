// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// A machine whose readings come as messages: one sample for each, as they come.
struct MessageSource: DataSource {
    let channels: [Channel]
    let intervalMilliseconds: Int
    /// Absent where only the channels are asked for.
    private let feed: MessageFeed?

    init(_ configuration: MessageSourceConfiguration, feed: MessageFeed?) {
        channels = configuration.fields.channels.map(\.channel)
        intervalMilliseconds = configuration.intervalMilliseconds
        self.feed = feed
    }

    mutating func next() async throws -> Sample? {
        guard let feed else { throw DetectionError.source("readings over MQTT need a connection to their broker") }
        for await sample in feed.samples { return sample }
        try Task.checkCancellation()
        return nil
    }
}
