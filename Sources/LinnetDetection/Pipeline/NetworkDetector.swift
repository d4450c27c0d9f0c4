// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics

/// A network over standardized windows: the squared error of each value in units of its mean squared error on the windows
/// it was fitted on, averaged.
///
/// Without those units the noisiest channels would decide alone (Garg et al. 2021: the scoring function often matters more
/// than the model). Of a model with a discriminator, that one has its say in training alone: it can not tell channels apart.
public struct NetworkDetector: WindowDetector {
    private let network: Network
    private let parameters: ParameterVector
    /// The mean squared error of each value on the fitted windows, with a floor, `[D]`.
    private let errors: [Double]
    /// Reused from one window to the next, and never shared: a copy gets its own when it is first used.
    private var scratch: Scratch?

    private final class Scratch: @unchecked Sendable {
        // Unchecked: each detector value makes its own and checks that nobody else holds it before it writes.
        let scorer: WindowScorer
        init(_ scorer: WindowScorer) { self.scorer = scorer }
    }

    /// Share of the windows, the newest, that say when to stop training.
    static let validationShare = 0.2
    static let errorFloor = 1e-3

    /// Trains a family in its own size, on a part of the windows where there are more than it needs.
    ///
    /// - Parameter length: samples of a window.
    /// - Throws: ``DetectionError`` for windows no such network can read, too few of them, or a training that diverges.
    public init(
        fitting windows: Matrix, family: ModelFamily, length: Int, seed: UInt64
    ) throws(DetectionError) {
        let step = max(1, (windows.rows + family.maximumWindows - 1) / family.maximumWindows)
        var picked = Matrix(rows: 0, columns: windows.columns)
        for row in stride(from: 0, to: windows.rows, by: step) { picked.appendRow(windows.row(row)) }
        let architecture: NetworkArchitecture
        do throws(NetworkError) {
            architecture = try ModelDescription(family).architecture(
                length: length, channels: windows.columns / max(1, length))
        } catch {
            throw .model("\(error)")
        }
        try self.init(fitting: picked, architecture: architecture, epochs: family.epochs, seed: seed)
    }

    /// Trains as an agent does: mini-batches of Adam, best weights on held-out windows.
    ///
    /// - Throws: ``DetectionError`` for a network that can not be, too few windows, or a training that diverges.
    public init(
        fitting windows: Matrix, architecture: NetworkArchitecture, epochs: Int, seed: UInt64
    ) throws(DetectionError) {
        guard windows.rows >= 2 else { throw .tooFewWindows(found: windows.rows, needed: 2) }
        do throws(NetworkError) { network = try Network(architecture) } catch { throw .model("\(error)") }
        do throws(TrainingError) {
            var parameters = try network.initialParameters(seed: seed, learningFrom: windows)
            var trainer = Trainer(
                network: network,
                settings: TrainingSettings(
                    epochs: epochs, clipNorm: 10, seed: seed, validationShare: Self.validationShare, patience: 5))
            _ = try trainer.fit(&parameters, inputs: windows)
            self.parameters = parameters
        } catch {
            throw .model("\(error)")
        }
        errors = Self.meanErrors(try Self.scorer(network, parameters), windows)
    }

    /// Takes weights that were learned elsewhere, and its units from windows of this device.
    ///
    /// - Throws: ``DetectionError`` for a network that can not be scored with, or no window.
    public init(
        network: Network, parameters: ParameterVector, fitting windows: Matrix
    ) throws(DetectionError) {
        guard windows.rows >= 2 else { throw .tooFewWindows(found: windows.rows, needed: 2) }
        self.network = network
        self.parameters = parameters
        errors = Self.meanErrors(try Self.scorer(network, parameters), windows)
    }

    private static func scorer(
        _ network: Network, _ parameters: ParameterVector
    ) throws(DetectionError) -> WindowScorer {
        do throws(NetworkError) { return try WindowScorer(network: network, parameters: parameters) } catch {
            throw .model("\(error)")
        }
    }

    private static func meanErrors(_ scorer: WindowScorer, _ windows: Matrix) -> [Double] {
        var sums = [Double](repeating: 0, count: windows.columns)
        for row in 0..<windows.rows {
            _ = windows.row(row).withUnsafeBufferPointer(scorer.score)
            for (i, error) in scorer.errors.enumerated() { sums[i] += Double(error) }
        }
        return sums.map { max($0 / Double(windows.rows), errorFloor) }
    }

    public mutating func score(_ window: [Float]) -> Double {
        if !isKnownUniquelyReferenced(&scratch) {
            // The network has been scored with once before, so it can be.
            scratch = (try? Self.scorer(network, parameters)).map(Scratch.init)
        }
        guard let scorer = scratch?.scorer else { return .greatestFiniteMagnitude }
        _ = window.withUnsafeBufferPointer(scorer.score)
        let squares = scorer.errors
        var sum = 0.0
        for i in squares.indices { sum += Double(squares[i]) / errors[i] }
        return sum.isFinite ? sum / Double(max(1, window.count)) : .greatestFiniteMagnitude
    }
}
