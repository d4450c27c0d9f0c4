// SPDX-License-Identifier: Apache-2.0

/// All parameters of one model in one flat vector, `[P]`.
///
/// Optimizers, federation, signing and storage see nothing but this vector; only a network knows which range of it is
/// which matrix. The elements are not checked: what came from outside must pass `isFinite` before it is used.
public struct ParameterVector: Sendable, Equatable {
    @usableFromInline var storage: [Float]

    /// Takes over `values`, `[P]`.
    public init(_ values: [Float]) { storage = values }

    /// Makes a vector of `count` elements, each of them `value`.
    public init(repeating value: Float, count: Int) { storage = [Float](repeating: value, count: count) }

    /// The elements, `[P]`.
    public var values: [Float] { storage }

    /// The number of elements, P.
    public var count: Int { storage.count }

    /// The element at `i`, which must lie in `0..<count`.
    public subscript(i: Int) -> Float {
        @inlinable get { storage[i] }
        @inlinable set { storage[i] = newValue }
    }

    /// Whether no element is NaN or infinite.
    ///
    /// NaN walks through every comparison that it is part of, so this is asked first of all that arrives.
    public var isFinite: Bool { storage.withUnsafeBufferPointer(Kernels.isFinite) }

    /// The Euclidean (L2) norm; NaN or infinite if an element is.
    ///
    /// Summed up in Double: squares of finite Floats never overflow there.
    public var norm: Double { storage.withUnsafeBufferPointer(Kernels.sumOfSquares).squareRoot() }

    /// - Returns: `a - b`, element by element; both have the same count.
    public static func - (a: ParameterVector, b: ParameterVector) -> ParameterVector {
        precondition(a.count == b.count, "a difference needs equal counts, got \(a.count) and \(b.count)")
        var difference = a
        difference.add(b, times: -1)
        return difference
    }

    /// Adds `factor * other`, element by element; both have the same count.
    public mutating func add(_ other: ParameterVector, times factor: Float) {
        precondition(count == other.count, "a sum needs equal counts, got \(count) and \(other.count)")
        other.storage.withUnsafeBufferPointer { x in
            storage.withUnsafeMutableBufferPointer { y in Kernels.axpy(factor, x, y) }
        }
    }

    /// Copies the elements of `other`, which has the same count, without allocating.
    public mutating func assign(_ other: ParameterVector) {
        precondition(count == other.count, "cannot assign \(other.count) elements to \(count)")
        assign(other, at: 0)
    }

    /// Copies the elements of `other` to the place that begins with element `first`, without allocating.
    public mutating func assign(_ other: ParameterVector, at first: Int) {
        precondition(
            first >= 0 && first + other.count <= count, "cannot assign \(other.count) elements to \(first)..<\(count)")
        other.storage.withUnsafeBufferPointer { source in
            storage.withUnsafeMutableBufferPointer { target in
                if let from = source.baseAddress, let to = target.baseAddress {
                    (to + first).update(from: from, count: source.count)
                }
            }
        }
    }

    /// Calls `body` with the elements in place.
    @inlinable
    public mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withUnsafeMutableBufferPointer { buffer throws(Failure) in try body(buffer) }
    }

    /// Calls `body` with the elements in place.
    @inlinable
    public func withUnsafeBufferPointer<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withUnsafeBufferPointer { buffer throws(Failure) in try body(buffer) }
    }
}
