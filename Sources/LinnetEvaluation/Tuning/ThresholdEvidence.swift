// SPDX-License-Identifier: Apache-2.0

import LinnetDetection

/// What was measured of one threshold for the recommended model.
public struct ThresholdEvidence: Sendable, Codable, Hashable {
    public var threshold: ThresholdRule
    public var raiseAfter: Int
    /// Share of faults with an alarm in them.
    public var found: Double
    /// Alarm episodes on held-out normal data, and what that makes a day.
    public var falseEpisodes: Int
    public var falseEpisodesPerDay: Double
}
