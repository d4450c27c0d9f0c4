// SPDX-License-Identifier: Apache-2.0

/// Names one immutable model: architecture, scaler, weights and threshold policy.
public struct ModelVersion: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Counts up within a cohort; 0 is a model that an agent learned alone.
    public var number: Int
    /// SHA-256 of the model's safetensors file.
    public var digest: Digest

    public init(number: Int, digest: Digest) {
        self.number = number
        self.digest = digest
    }

    /// Whether an agent made this version without a coordinator.
    public var isLocal: Bool { number == 0 }

    public var description: String { isLocal ? "local (\(digest.short))" : "\(number) (\(digest.short))" }
}
