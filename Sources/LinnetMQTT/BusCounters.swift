// SPDX-License-Identifier: Apache-2.0

/// What a bus has done since it was made.
public struct BusCounters: Sendable, Equatable {
    /// Messages the broker acknowledged.
    public var published = 0
    /// Messages received and handed to a subscriber.
    public var received = 0
    /// Messages the broker refused.
    public var refused = 0
    /// Messages not sent because they were over the limit.
    public var oversize = 0
    /// Messages received and dropped because they were over the limit.
    public var oversizeReceived = 0
    /// Messages received and dropped because no subscription is for them, or their topic is not text.
    public var unclaimed = 0
    /// Messages not sent because too many waited already.
    public var waitingRejected = 0
    /// Messages that failed because there was no connection, or it broke before the acknowledgement.
    public var failed = 0
    /// Connections made, every subscription included.
    public var connections = 0
    /// Most messages that were sent and not yet acknowledged at any one time.
    public var mostInFlight = 0

    /// Connections made again after the first.
    public var reconnects: Int { max(0, connections - 1) }

    public init() {}
}
