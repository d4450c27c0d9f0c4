// SPDX-License-Identifier: Apache-2.0

/// An earlier alarm that looked like another one.
public struct SimilarAlarm: Hashable, Sendable {
    /// The earlier alarm.
    public var id: ULID
    /// The cosine of the angle between both alarms' channel shares: 1 for the same channels in the same proportion, 0 for
    /// none in common.
    public var similarity: Double

    public init(id: ULID, similarity: Double) {
        self.id = id
        self.similarity = similarity
    }
}
