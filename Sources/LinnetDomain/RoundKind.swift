// SPDX-License-Identifier: Apache-2.0

/// What a round gathers.
public enum RoundKind: String, Codable, Sendable, Hashable, CaseIterable {
    /// Round 0 of a cohort: mergeable statistics of each channel, from which the scaler is made.
    case statistics
    /// Weights, trained from the offered base.
    case training
    /// How a version does on agents that did not train it.
    case evaluation
}
