// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// An ensemble of tiny autoencoders (KitNET; Mirsky et al. 2018): one for each group of values that go together, and one
/// that learns which of their errors go together. It learns in a single pass, row by row.
public struct AutoencoderEnsemble: BaselineDetector {
    private var members: [TiedAutoencoder]
    private var output: TiedAutoencoder
    private var errors: [Float]
    private let width: Int

    /// - Parameters:
    ///   - windows: `[windows, D]` in the order of time, at least 1, all finite.
    ///   - groupSize: the most values of one autoencoder; the paper's 10.
    ///   - learningRate: the paper's 0.1.
    public init(fitting windows: Matrix, groupSize: Int = 10, learningRate: Float = 0.1, seed: UInt64) {
        precondition(
            windows.rows >= 1 && windows.columns >= 1 && groupSize >= 1, "an ensemble needs windows and groups")
        var generator = SeededGenerator(seed: seed)
        width = windows.columns
        members = CorrelationClusters.groups(of: windows, maximum: groupSize).map {
            TiedAutoencoder(columns: $0, generator: &generator)
        }
        output = TiedAutoencoder(columns: Array(members.indices), generator: &generator)
        errors = [Float](repeating: 0, count: members.count)
        windows.withUnsafeBufferPointer { values in
            for row in 0..<windows.rows {
                let window = UnsafeBufferPointer(rebasing: values[row * width..<(row + 1) * width])
                for i in members.indices { errors[i] = Float(members[i].learn(window, rate: learningRate)) }
                errors.withUnsafeBufferPointer { _ = output.learn($0, rate: learningRate) }
            }
        }
    }

    public var valueCount: Int { members.reduce(output.valueCount) { $0 + $1.valueCount } }

    public mutating func score(_ window: [Float]) -> Double {
        precondition(window.count == width, "windows of \(width) values, got \(window.count)")
        window.withUnsafeBufferPointer { window in
            for i in members.indices { errors[i] = Float(members[i].error(window)) }
        }
        let score = errors.withUnsafeBufferPointer { output.error($0) }
        return score.isFinite ? score : .greatestFiniteMagnitude
    }
}
