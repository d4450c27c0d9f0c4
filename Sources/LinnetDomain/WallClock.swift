// SPDX-License-Identifier: Apache-2.0

/// Where a part of Linnet reads the time: the system's clock in production, a test's own clock elsewhere.
public struct WallClock: Sendable {
    private let read: @Sendable () -> Timestamp

    public init(_ read: @escaping @Sendable () -> Timestamp) { self.read = read }

    /// The system's clock.
    public static let system = WallClock { .now() }

    public func now() -> Timestamp { read() }
}
