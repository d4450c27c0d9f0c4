// SPDX-License-Identifier: Apache-2.0

/// Keeps an even sample of a stream of numbers, to read quantiles from.
///
/// It holds every number up to its capacity, then every second, every fourth and so on: bounded in size, without chance, and
/// spread over the whole stream.
public struct ScoreSample: Sendable, Equatable {
    /// Numbers kept at most.
    public static let capacity = 256

    private var kept: [Double] = []
    private var stride = 1
    /// How many numbers have come.
    public private(set) var count = 0

    public init() {}

    /// Takes in one number; it must be finite.
    public mutating func add(_ value: Double) {
        defer { count += 1 }
        guard count % stride == 0 else { return }
        kept.append(value)
        guard kept.count == Self.capacity else { return }
        kept = kept.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        stride *= 2
    }

    /// The number below which a share of `level`, 0 to 1, of the stream lies; `nil` of an empty one.
    public func quantile(_ level: Double) -> Double? {
        guard !kept.isEmpty else { return nil }
        let position = (Double(kept.count - 1) * min(1, max(0, level))).rounded()
        return kept.sorted()[Int(position)]
    }

    public var median: Double? { quantile(0.5) }
}
