// SPDX-License-Identifier: Apache-2.0

/// Whose weights a device scores with.
public enum WeightKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// The released version's, as they are.
    case released
    /// The released version's, with the agent's own layers in the places of those that stay with each agent.
    case ownLayers
    /// The released version's, trained on for a little on the device's own windows.
    case fineTuned
    /// Learned from the device's own windows alone, scaled by them alone.
    case local
}
