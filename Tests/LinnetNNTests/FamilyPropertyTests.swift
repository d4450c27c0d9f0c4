// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics
import Testing

/// What must hold for every family there is, whatever its network looks like.
@Suite("Every family", .serialized)
struct FamilyPropertyTests {
    private static let (length, channels) = (8, 3)

    private static func network(_ family: ModelFamily) throws -> Network {
        try Network(ModelDescription(family).architecture(length: length, channels: channels))
    }

    /// Standardized windows, `[count, 24]`.
    private static func windows(_ count: Int, seed: UInt64, scale: Float = 1) -> Matrix {
        var generator = SeededGenerator(seed: seed)
        return Matrix(
            rows: count, columns: length * channels,
            values: (0..<count * length * channels).map { _ in scale * Float(generator.gaussian()) })
    }

    /// Trains a family from first weights that depend on nothing but the seed; a classifier gets two classes in turn.
    private static func train(
        _ family: ModelFamily, _ network: Network, _ parameters: inout ParameterVector, on windows: Matrix,
        settings: TrainingSettings
    ) throws {
        if family.target == .labels {
            let rows = try LabelledRows(
                inputs: windows, labels: (0..<windows.rows).map { $0 % 2 }, classes: network.outputWidth)
            _ = try ClassifierTraining(network: network, settings: settings).fit(&parameters, to: rows)
        } else {
            var trainer = Trainer(network: network, settings: settings)
            _ = try trainer.fit(&parameters, inputs: windows)
        }
    }

    @Test("the same seed gives the same weights bit by bit, another seed others", arguments: ModelFamily.allCases)
    func repeatable(_ family: ModelFamily) throws {
        BLAS.useOneThread()
        let network = try Self.network(family)
        let windows = Self.windows(100, seed: 1)
        func weights(seed: UInt64) throws -> ParameterVector {
            var parameters = try network.initialParameters(seed: seed, learningFrom: windows, pretrainingEpochs: 2)
            try Self.train(
                family, network, &parameters, on: windows, settings: TrainingSettings(epochs: 3, seed: seed))
            return parameters
        }
        let first = try weights(seed: 5)
        #expect(try weights(seed: 5).values.map(\.bitPattern) == first.values.map(\.bitPattern))
        #expect(try weights(seed: 6) != first)
        #expect(first.isFinite)
    }

    @Test("training moves every layer, and every setting of it matters", arguments: ModelFamily.allCases)
    func settings(_ family: ModelFamily) throws {
        let network = try Self.network(family)
        let windows = Self.windows(64, seed: 2)
        let start = network.initialParameters(seed: 1)
        func trained(_ change: (inout TrainingSettings) -> Void) throws -> ParameterVector {
            var settings = TrainingSettings(epochs: 2, validationShare: 0)
            change(&settings)
            var parameters = start
            try Self.train(family, network, &parameters, on: windows, settings: settings)
            return parameters
        }
        let plain = try trained { _ in }
        for range in network.layerRanges { #expect(range.contains { plain[$0] != start[$0] }) }
        for method in OptimizerDescription.Method.allCases where method != .adam {
            #expect(try trained { $0.optimizer = OptimizerDescription(method: method) } != plain, "\(method)")
        }
        #expect(try trained { $0.l2 = 0.1 } != plain)
        #expect(
            try trained {
                $0.clipNorm = 1e-3; $0.optimizer = .sgd
            } != (try trained { $0.optimizer = .sgd }))
        #expect(try trained { $0.schedule = LearningRateSchedule(.exponential(factor: 0.1)) } != plain)
        // What pulls back to the start keeps weights near it.
        let held = try trained { $0.proximalMu = 100 }
        #expect((held - start).norm < (plain - start).norm)
    }

    @Test(
        "rows that do not fit, are not finite or are not there are refused, and weights stay as they were",
        arguments: ModelFamily.allCases)
    func refused(_ family: ModelFamily) throws {
        let network = try Self.network(family)
        let start = network.initialParameters(seed: 1)
        var broken = Self.windows(20, seed: 1)
        broken[7, 5] = .nan
        var infinite = Self.windows(20, seed: 1)
        infinite[3, 0] = .infinity
        let expected: [(Matrix, TrainingError)] = [
            (broken, .inputNotFinite(row: 7)), (infinite, .inputNotFinite(row: 3)),
            (Matrix(rows: 0, columns: 24), .rowCount(found: 0, minimum: 1)),
            (Matrix(rows: 5, columns: 23), .inputWidth(found: 23, expected: 24)),
        ]
        for (windows, error) in expected {
            var parameters = start
            #expect(throws: error) {
                try Self.train(family, network, &parameters, on: windows, settings: TrainingSettings(epochs: 1))
            }
            #expect(parameters == start)
        }
        var short = ParameterVector(repeating: 0, count: start.count - 1)
        #expect(throws: TrainingError.parameterCount(found: start.count - 1, expected: start.count)) {
            try Self.train(
                family, network, &short, on: Self.windows(20, seed: 1), settings: TrainingSettings(epochs: 1))
        }
    }

    @Test(
        "however the loss explodes, training ends in finite weights or in an error with the weights as they were",
        arguments: ModelFamily.allCases, [Float(1), 1e4, 1e18, 3e37])
    func explosions(_ family: ModelFamily, _ scale: Float) throws {
        let network = try Self.network(family)
        let start = network.initialParameters(seed: 1)
        for optimizer in [OptimizerDescription.sgd, .adam, .momentum] {
            var parameters = start
            do {
                try Self.train(
                    family, network, &parameters, on: Self.windows(40, seed: 3, scale: scale),
                    settings: TrainingSettings(epochs: 4, batchSize: 8, learningRate: 10, optimizer: optimizer))
            } catch let error as TrainingError {
                guard case .diverged = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(parameters == start)
            }
            #expect(parameters.isFinite)
        }
    }

    @Test(
        "a constant channel, a single window and equal windows are learned like any others",
        arguments: ModelFamily.allCases)
    func dull(_ family: ModelFamily) throws {
        let network = try Self.network(family)
        var constant = Self.windows(60, seed: 1)
        for row in 0..<60 { for i in stride(from: 1, to: 24, by: 3) { constant[row, i] = 0 } }
        let one = Self.windows(1, seed: 2)
        var equal = Matrix(rows: 0, columns: 24)
        for _ in 0..<30 { equal.appendRow(one.row(0)) }
        for windows in [constant, one, equal, Matrix(rows: 10, columns: 24)] {
            var parameters = try network.initialParameters(seed: 1, learningFrom: windows, pretrainingEpochs: 2)
            try Self.train(family, network, &parameters, on: windows, settings: TrainingSettings(epochs: 3))
            #expect(parameters.isFinite)
            guard family.target != .labels else { continue }
            let scorer = try WindowScorer(network: network, parameters: parameters)
            #expect(windows.rows(0..<1).withUnsafeBufferPointer(scorer.score).isFinite)
        }
    }

    @Test("a model comes back from its file, and no cut of the file is a model", arguments: ModelFamily.allCases)
    func stored(_ family: ModelFamily) throws {
        let network = try Self.network(family)
        let model = ModelArtifact(
            architecture: network.architecture, parameters: network.initialParameters(seed: 4),
            scaler: ChannelScaler(means: [0, 0, 0], standardDeviations: [1, 1, 1]), windowLength: Self.length,
            falseAlarmsPerDay: 1)
        let bytes = model.encoded()
        #expect(try ModelArtifact(parsing: bytes) == model)
        for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 50)) {
            #expect(throws: ModelArtifactError.self) { try ModelArtifact(parsing: bytes.prefix(count)) }
        }
        var other = model
        other.architecture.family = other.architecture.companion == nil ? "usad" : "denseAutoencoder"
        #expect(throws: ModelArtifactError.self) { try other.validate() }
    }

    @Test(
        "scores of windows beyond all bounds are bad, never NaN",
        arguments: ModelFamily.allCases.filter { $0.target != .labels })
    func scores(_ family: ModelFamily) throws {
        let network = try Self.network(family)
        let scorer = try WindowScorer(network: network, parameters: network.initialParameters(seed: 1))
        for value in [Float.nan, .infinity, -.infinity, 3e38, -3e38] {
            let score = [Float](repeating: value, count: 24).withUnsafeBufferPointer(scorer.score)
            #expect(score.isFinite && score >= 0)
        }
    }
}
