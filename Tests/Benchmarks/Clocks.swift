// SPDX-License-Identifier: Apache-2.0

import Glibc

/// - Returns: seconds on a clock that only goes forward.
func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// - Returns: the sine of `radians`.
func sine(_ radians: Double) -> Double { sin(radians) }
