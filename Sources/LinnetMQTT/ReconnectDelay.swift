// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the next attempt to connect: exponential back-off with full jitter.
///
/// The n-th wait (n = 0, 1, …) is uniform on `[0, min(maximum, base · 2ⁿ)]`, so that a thousand agents do not all come
/// back in the same second after a broker's restart (M. Brooker, "Exponential Backoff And Jitter", AWS, 2015).
package struct ReconnectDelay: Sendable, Equatable {
    package let base: Duration
    package let maximum: Duration
    /// Failures in a row.
    package private(set) var failures = 0

    package init(base: Duration, maximum: Duration) {
        precondition(base > .zero && maximum >= base, "0 < base <= maximum")
        self.base = base
        self.maximum = maximum
    }

    /// Upper bound of the next wait.
    package var ceiling: Duration {
        var ceiling = base
        for _ in 0..<failures where ceiling < maximum { ceiling *= 2 }
        return min(ceiling, maximum)
    }

    /// Draws the next wait, and counts a failure.
    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let wait = ceiling * Double.random(in: 0...1, using: &generator)
        failures += 1
        return wait
    }

    /// Says how long a connection held that has just ended.
    ///
    /// Only one that held longer than the longest wait starts the count over: two clients under one name, which a broker
    /// lets evict each other as soon as they are connected, must slow down as well.
    package mutating func connectionEnded(after held: Duration) {
        if held >= maximum { failures = 0 }
    }
}
