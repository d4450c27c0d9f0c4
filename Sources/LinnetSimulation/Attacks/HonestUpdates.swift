// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetNumerics

/// What attackers know of a round: the honest updates, as ways from the base.
struct HonestUpdates {
    private(set) var ways: [[Double]] = []

    mutating func add(_ parameters: ParameterVector, base: ParameterVector) {
        ways.append(zip(parameters.values, base.values).map { Double($0) - Double($1) })
    }

    /// The mean of each parameter, `[P]`; `nil` while nothing is known.
    var mean: [Double]? {
        guard var sum = ways.first else { return nil }
        for way in ways.dropFirst() { for index in sum.indices { sum[index] += way[index] } }
        return sum.map { $0 / Double(ways.count) }
    }

    /// The standard deviation of each parameter around `mean`, with n - 1, `[P]`; 0 of a single update.
    func deviation(around mean: [Double]) -> [Double] {
        var squares = [Double](repeating: 0, count: mean.count)
        for way in ways {
            for index in squares.indices { squares[index] += (way[index] - mean[index]) * (way[index] - mean[index]) }
        }
        return squares.map { ($0 / Double(max(1, ways.count - 1))).squareRoot() }
    }

    /// The mean length of an update.
    var meanLength: Double {
        ways.isEmpty ? 0 : ways.reduce(0) { $0 + Self.length($1) } / Double(ways.count)
    }

    /// The largest distance of two updates, among the first few.
    var largestDistance: Double {
        var largest = 0.0
        let some = ways.prefix(Self.compared)
        for (position, first) in some.enumerated() {
            for second in some.dropFirst(position + 1) { largest = max(largest, Self.distance(first, second)) }
        }
        return largest
    }

    /// The largest distance of `way` from any of the first few.
    func largestDistance(from way: [Double]) -> Double {
        ways.prefix(Self.compared).reduce(0) { max($0, Self.distance($1, way)) }
    }

    /// Distances grow with the square of the fleet.
    private static let compared = 50

    static func length(_ way: [Double]) -> Double { way.reduce(0) { $0 + $1 * $1 }.squareRoot() }

    static func distance(_ first: [Double], _ second: [Double]) -> Double {
        var sum = 0.0
        for index in first.indices { sum += (first[index] - second[index]) * (first[index] - second[index]) }
        return sum.squareRoot()
    }

    /// The z below which a standard normal variable falls with `probability`, by bisection of its distribution function.
    static func normalQuantile(_ probability: Double) -> Double {
        var (low, high) = (-8.0, 8.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if 0.5 * erfc(-middle / 2.0.squareRoot()) < probability { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
