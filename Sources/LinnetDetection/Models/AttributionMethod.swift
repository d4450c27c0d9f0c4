// SPDX-License-Identifier: Apache-2.0

/// How a window's score is shared out among its channels and samples.
public enum AttributionMethod: String, Sendable, Codable, Hashable, CaseIterable {
    /// By the error of each value: free, and right for families that are judged value by value.
    case error
    /// By integrated gradients along the way from the device's mean normal window: some dozen times the cost of a score.
    case gradient
    /// By Shapley values against the device's normal windows: asks nothing of the model but scores, thousands of them, so
    /// it is right for families whose score is not a sum over values, such as a discriminator's.
    case shapley
}
