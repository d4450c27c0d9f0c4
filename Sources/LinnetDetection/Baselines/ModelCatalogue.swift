// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics

/// Every kind of model there is, with its size and cost for windows of one shape: networks with their families' defaults,
/// and the baselines beside them.
public enum ModelCatalogue {
    /// One kind of model.
    public struct Entry: Sendable, Codable, Hashable {
        /// The family's name in configuration files, or the baseline's.
        public var name: String
        public var isNetwork: Bool
        /// Weights and biases, or the numbers that a baseline has learned.
        public var parameters: Int
        /// The products of a weight and a value that one score takes; of networks only.
        public var multiplyAdds: Int?
        /// What one score takes on this machine, on one thread.
        public var microsecondsPerWindow: Double?
        /// What it is good for.
        public var purpose: String
        /// The options that a description of the family may have.
        public var options: [String]
    }

    /// Lists the families, then the baselines.
    ///
    /// - Parameters:
    ///   - length: samples of a window; `channels` values each.
    ///   - timing: says how many microseconds a call of what it is given takes; `nil` where nobody asks.
    /// - Throws: `NetworkError` for windows that no network can have; a family that only cannot read windows so short is
    ///   left out.
    public static func entries(
        length: Int, channels: Int, timing: ((() -> Void) -> Double)? = nil
    ) throws(NetworkError) -> [Entry] {
        _ = try Network(ModelDescription(.denseAutoencoder).architecture(length: length, channels: channels))
        var entries: [Entry] = []
        for family in ModelFamily.allCases {
            guard let architecture = try? ModelDescription(family).architecture(length: length, channels: channels),
                let network = try? Network(architecture)
            else { continue }
            entries.append(try entry(family, network, timing: timing))
        }
        let windows = noise(rows: 200, columns: length * channels)
        for baseline in Baseline.allCases {
            guard let detector = try? baseline.fit(windows, seed: 1) else { continue }
            entries.append(entry(baseline, detector, window: Array(windows.row(0)), timing: timing))
        }
        return entries
    }

    private static func entry(
        _ family: ModelFamily, _ network: Network, timing: ((() -> Void) -> Double)?
    ) throws(NetworkError) -> Entry {
        let parameters = network.initialParameters(seed: 1)
        let window = noise(rows: 1, columns: network.inputWidth).values
        let companion = network.architecture.companion.flatMap { description in
            description.scoreShare > 0 ? network.companion(parameters: parameters)?.network : nil
        }
        var microseconds: Double?
        if let timing {
            if family.target == .labels {
                let workspace = Workspace(network: network, maximumBatch: 1)
                microseconds = window.withUnsafeBufferPointer { window in
                    timing { _ = network.reconstruct(window, rows: 1, parameters: parameters, workspace: workspace) }
                }
            } else {
                let scorer = try WindowScorer(network: network, parameters: parameters)
                microseconds = window.withUnsafeBufferPointer { window in timing { _ = scorer.score(window) } }
            }
        }
        return Entry(
            name: family.rawValue, isNetwork: true, parameters: network.parameterCount,
            multiplyAdds: network.multiplyAdds + (companion?.multiplyAdds ?? 0), microsecondsPerWindow: microseconds,
            purpose: family.purpose, options: family.options.map(\.rawValue))
    }

    private static func entry(
        _ baseline: Baseline, _ detector: any BaselineDetector, window: [Float], timing: ((() -> Void) -> Double)?
    ) -> Entry {
        var detector = detector
        return Entry(
            name: baseline.rawValue, isNetwork: false, parameters: detector.valueCount, multiplyAdds: nil,
            microsecondsPerWindow: timing.map { timing in timing { _ = detector.score(window) } },
            purpose: baseline.purpose,
            options: [])
    }

    private static func noise(rows: Int, columns: Int) -> Matrix {
        var generator = SeededGenerator(seed: 1)
        return Matrix(
            rows: rows, columns: columns, values: (0..<rows * columns).map { _ in Float(generator.gaussian()) })
    }
}
