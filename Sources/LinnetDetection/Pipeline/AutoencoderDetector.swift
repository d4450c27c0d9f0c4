// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics

/// A dense autoencoder over standardized windows: the squared error of each value in units of its mean squared error on
/// the windows it was fitted on, averaged.
///
/// Without those units the noisiest channels would decide alone (Garg et al. 2021: the scoring function often matters more
/// than the model).
public struct AutoencoderDetector: WindowDetector {
    private let network: Network
    private let parameters: ParameterVector
    /// The mean squared error of each value on the fitted windows, with a floor, `[D]`.
    private let errors: [Double]
    /// Reused from one window to the next, and never shared: a copy gets its own when it is first used.
    private var scratch: Scratch?

    private final class Scratch: @unchecked Sendable {
        // Unchecked: each detector value makes its own and checks that nobody else holds it before it writes.
        let workspace: Workspace
        init(_ network: Network) { workspace = Workspace(network: network, maximumBatch: 1) }
    }

    /// Share of the windows, the newest, that say when to stop training.
    static let validationShare = 0.2
    static let errorFloor = 1e-3

    /// Trains as an agent does: mini-batches of Adam, best weights on held-out windows.
    ///
    /// - Throws: ``DetectionError`` for widths no network can have, too few windows, or a training that diverges.
    public init(fitting windows: Matrix, hidden: [Int], epochs: Int, seed: UInt64) throws(DetectionError) {
        guard windows.rows >= 2 else { throw .tooFewWindows(found: windows.rows, needed: 2) }
        let architecture = NetworkArchitecture.denseAutoencoder(inputWidth: windows.columns, hidden: hidden)
        do throws(NetworkError) { network = try Network(architecture) } catch { throw .model("\(error)") }
        var parameters = network.initialParameters(seed: seed)
        var trainer = Trainer(
            network: network,
            settings: TrainingSettings(
                epochs: epochs, seed: seed, validationShare: Self.validationShare, patience: 5))
        do throws(TrainingError) {
            _ = try trainer.fit(&parameters, inputs: windows)
        } catch {
            throw .model("\(error)")
        }
        self.parameters = parameters
        let output = network.reconstruct(windows, parameters: parameters)
        var errors = [Double](repeating: 0, count: windows.columns)
        for row in 0..<windows.rows {
            for i in 0..<windows.columns {
                let difference = Double(windows[row, i] - output[row, i])
                errors[i] += difference * difference
            }
        }
        self.errors = errors.map { max($0 / Double(windows.rows), Self.errorFloor) }
    }

    public mutating func score(_ window: [Float]) -> Double {
        if !isKnownUniquelyReferenced(&scratch) { scratch = Scratch(network) }
        guard let scratch else { return 0 }
        let sum = window.withUnsafeBufferPointer { input in
            let output = network.reconstruct(
                input, rows: 1, parameters: parameters, workspace: scratch.workspace)
            var sum = 0.0
            for i in 0..<input.count {
                let difference = Double(input[i] - output[i])
                sum += difference * difference / errors[i]
            }
            return sum
        }
        return sum.isFinite ? sum / Double(max(1, window.count)) : .greatestFiniteMagnitude
    }
}
