// SPDX-License-Identifier: Apache-2.0

/// Which of a device's two detectors a score came from.
public enum DetectorKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// The cohort's model: a network of any family.
    case model
    /// The linear reference that every device fits to its own windows.
    case linear
}
