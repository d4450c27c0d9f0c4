// SPDX-License-Identifier: Apache-2.0

/// The two bounds of ``AdaptiveClipping`` as they stand after a round.
public struct AdaptiveClippingState: Sendable, Equatable {
    /// What a bound may be: wide enough for any model, narrow enough to come back from.
    public static let allowed = 1e-12...1e12

    /// The estimate Z of the largest components' quantile.
    public let zeroing: Double
    /// The estimate C of the lengths' quantile.
    public let clipping: Double

    /// - Throws: ``ServerStateError/implausible(_:)`` unless both are in ``allowed``.
    public init(zeroing: Double, clipping: Double) throws(ServerStateError) {
        guard Self.allowed.contains(zeroing), Self.allowed.contains(clipping) else {
            throw .implausible("a clipping bound is outside 1e-12 to 1e12")
        }
        self.init(checkedZeroing: zeroing, clipping: clipping)
    }

    init(checkedZeroing zeroing: Double, clipping: Double) {
        self.zeroing = zeroing
        self.clipping = clipping
    }
}
