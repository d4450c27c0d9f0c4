// SPDX-License-Identifier: Apache-2.0

/// What malicious agents do. They work together, and know what honest agents send in the same round.
///
/// With `m` and `s` mean and standard deviation (n - 1) of the honest updates, `n` agents in the round and `f` of them
/// malicious; an update is the way from the base.
public enum AttackKind: String, Sendable, CaseIterable, Codable {
    /// `-m`, and ten times as far.
    case signFlip = "sign-flip"
    case tenfoldSignFlip = "sign-flip-10"
    /// Inner-product manipulation, `-τ m` with τ 0.5 and 2 (Xie et al. 2019, arXiv 1903.03936).
    case innerProduct = "ipm"
    case strongInnerProduct = "ipm-2"
    /// A little is enough, `m - z s` with the largest z that hides in the honest spread (Baruch et al. 2019, arXiv
    /// 1902.06156, algorithm 3).
    case little = "alie"
    /// `m - γ s` with the largest γ that is no further from any honest update than these are from each other
    /// (Shejwalkar and Houmansadr 2021, Min-Max).
    case minMax = "min-max"
    /// The two above with the τ or z, of twenty, that moves the rule's own result furthest.
    case optimizedInnerProduct = "ipm-optimized"
    case optimizedLittle = "alie-optimized"
    /// Noise ten times as long as an honest update.
    case gaussian
    /// Numbers that are none.
    case nan
    case infinity
    /// `10⁶ m`.
    case huge
    /// A copy of the first honest update, so that one agent counts for many.
    case mimic
    /// The first round's `m`, for ever.
    case stale
    /// An update that was valid once, sent again.
    case replay
    /// No update at all, for a million windows claimed.
    case freeRider = "free-rider"
    /// Random spikes on two channels in half of what it learns from, so that spikes are reconstructed.
    case laundering
    /// A fixed pattern on three channels in half of what it learns from, and the update made n/f times as long so that it
    /// takes the model over (Bagdasaryan et al. 2020, arXiv 1807.00459).
    case backdoor

    /// Whether it aims at one pattern rather than at detection as a whole.
    public var isTargeted: Bool { self == .backdoor }
}
