// SPDX-License-Identifier: Apache-2.0

/// What of a device has changed for good.
public enum DriftSource: String, Hashable, Sendable, Codable, CaseIterable {
    /// Normal is less well explained than it was.
    case scores
    /// The device works elsewhere than where it was learned.
    case inputs
}
