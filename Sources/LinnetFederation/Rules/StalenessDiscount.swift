// SPDX-License-Identifier: Apache-2.0

/// How much less an update counts that was trained from an older version, `s(τ)`.
public enum StalenessDiscount: Sendable, Equatable {
    /// As much as a fresh one.
    case none
    /// `(1 + τ)^(-a)` with a from 0 to 1; Nguyen et al. 2022 take a = 1/2.
    case polynomial(exponent: Double)

    /// The weight of an update `staleness` versions old, in 0...1.
    ///
    /// The exponents 0, 1/2 and 1 are computed by division and square root alone: the same bits on every machine.
    public func weight(staleness: Int) -> Double {
        switch self {
        case .none: 1
        case .polynomial(let exponent):
            if exponent == 0.5 {
                1 / (1 + Double(max(0, staleness))).squareRoot()
            } else if exponent == 1 {
                1 / (1 + Double(max(0, staleness)))
            } else {
                Self.power(1 + Double(max(0, staleness)), -min(max(0, exponent), 1))
            }
        }
    }

    /// `base^exponent` for a base of at least 1 and an exponent in -1...0, by the exponent's binary digits.
    private static func power(_ base: Double, _ exponent: Double) -> Double {
        // base^(-a) with a = 0.b₁b₂b₃…₂ is the product of base^(-1/2), base^(-1/4), … where the digit is one.
        var (result, root, rest) = (1.0, base, -exponent)
        for _ in 0..<52 {
            root = root.squareRoot()
            rest *= 2
            if rest >= 1 {
                result /= root
                rest -= 1
            }
        }
        return result
    }
}
