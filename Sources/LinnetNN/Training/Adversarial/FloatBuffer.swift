// SPDX-License-Identifier: Apache-2.0

/// Floats at one address for as long as the buffer lives: room for a batch between two networks.
final class FloatBuffer {
    let first: UnsafeMutablePointer<Float>

    /// - Parameter count: at least 1.
    init(_ count: Int, repeating value: Float = 0) {
        first = .allocate(capacity: count)
        first.initialize(repeating: value, count: count)
    }

    deinit { first.deallocate() }
}
