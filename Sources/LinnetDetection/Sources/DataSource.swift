// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Where a device's samples come from.
public protocol DataSource: Sendable {
    /// What a sample holds, in order.
    var channels: [Channel] { get }
    /// Time between two samples, in milliseconds.
    var intervalMilliseconds: Int { get }
    /// Waits for the next sample; `nil` is the end.
    mutating func next() async throws -> Sample?
}

/// Keeps a source to the clock, or lets it run as fast as it can.
public struct Pacer: Sendable {
    private let clock: WallClock?

    /// Waits until each sample's time has come.
    public static func realTime(_ clock: WallClock = .system) -> Pacer { Pacer(clock: clock) }

    /// Waits for nothing.
    public static let immediate = Pacer(clock: nil)

    /// The present time; `nil` for a source that is not kept to any clock.
    public var now: Timestamp? { clock?.now() }

    /// Returns once it is `time`, at once if it has passed, or throws when cancelled.
    public func wait(until time: Timestamp) async throws {
        try Task.checkCancellation()
        guard let clock else { return }
        while true {
            let milliseconds = time.milliseconds(since: clock.now())
            guard milliseconds > 0 else { return }
            // In slices, so that a clock that is set forward ends the wait.
            try await Task.sleep(for: .milliseconds(min(milliseconds, Self.longestSleepMilliseconds)))
        }
    }

    private static let longestSleepMilliseconds: Int64 = 10_000
}
