// SPDX-License-Identifier: Apache-2.0

import CAllocationCounter
import FoundationEssentials
import LinnetNN
import LinnetNumerics
import Testing

/// Networks with one layer of each kind in their middle, over odd shapes.
@Suite("Layers")
struct LayerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        /// Of the values that come into `layers`.
        var shape: [Int]
        var layers: [LayerDescription]
        var testDescription: String { name }

        /// Dense layers before and after, so that slopes come from behind and go on to the front.
        var architecture: NetworkArchitecture {
            NetworkArchitecture(
                family: .classifier, inputWidth: 3,
                layers: [.dense(width: shape.reduce(1, *), activation: .tanh), .reshape(shape)] + layers
                    + [.flatten, .dense(width: 2, activation: .identity)])
        }
    }

    static let cases: [Case] =
        [
            Case(name: "gelu", shape: [7], layers: [.activation(.gelu)]),
            Case(name: "softmax at places", shape: [3, 4], layers: [.activation(.softmax)]),
            Case(name: "dense at places", shape: [3, 2, 2], layers: [.dense(width: 3, activation: .elu)]),
            Case(
                name: "convolution", shape: [7, 3], layers: [.convolution(filters: 4, kernel: [3], activation: .tanh)]),
            Case(
                name: "convolution, stride 2, padding 1", shape: [8, 2],
                layers: [.convolution(filters: 3, kernel: [3], stride: [2], padding: [1], activation: .softplus)]),
            Case(
                name: "convolution, all padding", shape: [3, 2],
                layers: [.convolution(filters: 2, kernel: [2], padding: [5], dilation: [2], activation: .gelu)]),
            Case(
                name: "convolution of a grid", shape: [5, 4, 2],
                layers: [
                    .convolution(filters: 3, kernel: [3, 2], stride: [2, 1], padding: [1, 0], dilation: [1, 2])
                ]),
            Case(
                name: "convolution over convolution", shape: [9, 2],
                layers: [
                    .convolution(filters: 3, kernel: [3], activation: .tanh),
                    .convolution(filters: 2, kernel: [3], stride: [3], padding: [2]),
                ]),
            Case(
                name: "transposed convolution", shape: [4, 3],
                layers: [
                    .transposedConvolution(
                        filters: 2, kernel: [3], stride: [2], padding: [1], outputPadding: [1], activation: .tanh)
                ]),
            Case(
                name: "transposed convolution with gaps", shape: [3, 2],
                layers: [
                    .transposedConvolution(filters: 2, kernel: [2], stride: [5], dilation: [3], outputPadding: [4])
                ]),
            Case(
                name: "transposed convolution of a grid", shape: [3, 2, 2],
                layers: [.transposedConvolution(filters: 3, kernel: [2, 3], stride: [1, 2], padding: [1, 2])]),
            Case(name: "maximum", shape: [7, 3], layers: [.maxPooling(size: [3], stride: [2])]),
            Case(name: "maximum of a grid", shape: [4, 5, 2], layers: [.maxPooling(size: [2, 3], stride: [1, 2])]),
            Case(name: "average", shape: [8, 3], layers: [.averagePooling(size: [3])]),
            Case(name: "average of a grid", shape: [4, 5, 2], layers: [.averagePooling(size: [3, 2])]),
            Case(name: "upsampling", shape: [4, 2], layers: [.upsampling([3])]),
            Case(name: "upsampling of a grid", shape: [2, 3, 2], layers: [.upsampling([3, 2])]),
        ]
        + RecurrentDescription.Cell.allCases.flatMap { cell in
            [
                Case(
                    name: "\(cell) over \(cell)", shape: [5, 3],
                    layers: [
                        .recurrent(.init(cell, units: 4, returnsSequence: true)),
                        .recurrent(.init(cell, units: 2, returnsSequence: true)),
                    ]),
                Case(name: "\(cell) of one step", shape: [1, 3], layers: [.recurrent(.init(cell, units: 2))]),
                Case(
                    name: "\(cell) to \(cell)", shape: [4, 2],
                    layers: [
                        .recurrent(.init(cell, units: 3)), .repeatVector(3),
                        .recurrent(.init(cell, units: 4, returnsSequence: true)), .dense(width: 2, activation: .tanh),
                    ]),
                Case(
                    name: "\(cell) after copies and a function", shape: [2],
                    layers: [.repeatVector(3), .activation(.tanh), .recurrent(.init(cell, units: 2))]),
            ]
        }

    /// Layers that do something else in training than in use; their gradients stand in the golden vectors.
    static let trainingCases: [Case] = [
        Case(name: "dropout", shape: [7], layers: [.dropout(rate: 0.3)]),
        Case(name: "gaussian noise", shape: [7], layers: [.gaussianNoise(standardDeviation: 0.1)]),
        Case(name: "activity penalty", shape: [7], layers: [.activityPenalty(l1: 0.01)]),
        Case(name: "gaussian latent", shape: [6], layers: [.gaussianLatent(divergenceWeight: 0.1)]),
        Case(name: "batch normalization", shape: [3, 2], layers: [.batchNormalization]),
    ]

    @Test("the gradient is the central difference quotient of the loss in Double", arguments: cases, [1, 3])
    func centralDifferences(_ example: Case, _ rows: Int) throws {
        let network = try Network(example.architecture)
        var generator = SeededGenerator(seed: UInt64(rows))
        func draw(_ count: Int) -> [Float] { (0..<count).map { _ in Float(generator.gaussian() * 0.5) } }
        let (input, target) = (draw(rows * 3), draw(rows * 2))
        let parameters = ParameterVector(draw(network.parameterCount))
        var gradient = ParameterVector(repeating: .nan, count: network.parameterCount)
        let workspace = Workspace(network: network, maximumBatch: rows + 1)
        let loss = input.withUnsafeBufferPointer { x in
            target.withUnsafeBufferPointer { t in
                network.loss(
                    .meanSquaredError, of: x, target: t, rows: rows, parameters: parameters, gradient: &gradient,
                    workspace: workspace)
            }
        }

        let reference = ReferenceNetwork(architecture: example.architecture)
        let weights = parameters.values.map(Double.init)
        func split(_ values: [Float], _ width: Int) -> [[Double]] {
            (0..<rows).map { values[$0 * width..<($0 + 1) * width].map(Double.init) }
        }
        let (inputs, targets) = (split(input, 3), split(target, 2))
        #expect(abs(loss - reference.loss(inputs, targets, weights)) <= 1e-5 * loss)
        let expected = reference.gradient(inputs, targets, weights)
        let scale = expected.map(abs).max() ?? 0
        let worst = zip(gradient.values, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(worst <= 2e-5 * scale)
    }

    @Test("no layer allocates once training has started", arguments: cases + trainingCases)
    func allocations(_ example: Case) throws {
        BLAS.useOneThread()
        let network = try Network(example.architecture)
        var parameters = network.initialParameters(seed: 1)
        var generator = SeededGenerator(seed: 1)
        let inputs = Matrix(rows: 40, columns: 3, values: (0..<120).map { _ in Float(generator.gaussian()) })
        let targets = Matrix(rows: 40, columns: 2, values: (0..<80).map { _ in Float(generator.gaussian()) })
        var trainer = Trainer(network: network, settings: TrainingSettings(epochs: 3, batchSize: 9, patience: 3))
        var batches = 0
        var atFirst: UInt64 = 0
        var atLast: UInt64 = 0
        _ = try trainer.fit(&parameters, inputs: inputs, targets: targets) {
            batches += 1
            if batches == 1 { atFirst = linnet_allocation_count() }
            atLast = linnet_allocation_count()
            return true
        }
        #expect(batches == 12)
        #expect(atLast - atFirst == 0)
    }

    @Test("an architecture comes back from JSON, and a model of it from a file", arguments: cases + trainingCases)
    func roundTrip(_ example: Case) throws {
        let bytes = try JSONEncoder().encode(example.architecture)
        #expect(try JSONDecoder().decode(NetworkArchitecture.self, from: bytes) == example.architecture)
        let model = ModelArtifact(
            architecture: example.architecture,
            parameters: try Network(example.architecture).initialParameters(seed: 2),
            scaler: ChannelScaler(means: [0, 1, 2], standardDeviations: [1, 1, 1]), windowLength: 1,
            falseAlarmsPerDay: 1)
        #expect(try ModelArtifact(parsing: model.encoded()) == model)
    }

    @Test(
        "a layer that does not fit is refused with the place, the number and what is allowed",
        arguments: [
            (LayerDescription.reshape([2, 2]), "layers.1 has 12; it needs 4 values for 2 x 2"),
            (.reshape([]), "layers.1.shape is 0 sizes"),
            (.reshape([.max, .max]), "layers.1.shape is 9223372036854775807"),
            (.convolution(filters: 0, kernel: [3]), "layers.1.filters is 0"),
            (.convolution(filters: 2, kernel: []), "layers.1.kernel is 0 numbers; it must be one number or two"),
            (.convolution(filters: 2, kernel: [3]), "layers.1 has 12; it needs as many places as the kernel spans"),
            (.convolution(filters: 2, kernel: [1], stride: [0]), "layers.1.stride is 0"),
            (.convolution(filters: 2, kernel: [1], padding: [.min]), "layers.1.padding is -9223372036854775808"),
            (.convolution(filters: 2, kernel: [65536, 65536]), "layers.1.kernel is 4294967296"),
            (.convolution(filters: 65536, kernel: [1], padding: [65536]), "layers.1 has an output of 131073 x 65536"),
            (
                .transposedConvolution(filters: 2, kernel: [3], stride: [2], outputPadding: [2]),
                "layers.1.outputPadding"
            ),
            (.transposedConvolution(filters: 1, kernel: [1], padding: [1]), "layers.1 has an output of 1"),
            (.maxPooling(size: [2]), "layers.1 has 12; it needs as many places as a frame has"),
            (.recurrent(.init(.lstm, units: 0)), "layers.1.units is 0"),
            (.recurrent(.init(.lstm, units: .max)), "layers.1.units is 9223372036854775807"),
            (.recurrent(.init(.gru, units: 65536)), "parameters; at most"),
            (.firstSteps(2), "layers.1.steps is 2; it must be between 1 and 1"),
            (.dropout(rate: 1), "layers.1.rate is 1.0; it must be between 0.0 and 0.95"),
            (.gaussianNoise(standardDeviation: .nan), "layers.1.standardDeviation is nan"),
            (.activityPenalty(l1: -1), "layers.1.l1 is -1.0"),
            (.gaussianLatent(divergenceWeight: .infinity), "layers.1.divergenceWeight is inf"),
            (.repeatVector(0), "layers.1.steps is 0"), (.repeatVector(65536), "layers.1 has an output of 65536 x 12"),
            (.upsampling([65536, 65536]), "layers.1 has an output of"),
        ])
    func refused(_ layer: LayerDescription, _ message: String) throws {
        let architecture = NetworkArchitecture(
            family: .classifier, inputWidth: 3, layers: [.dense(width: 12, activation: .relu), layer])
        let error = #expect(throws: NetworkError.self) { try Network(architecture) }
        #expect(try #require(error).description.contains(message))
        #expect(architecture.parameterCount == 0)
    }

    @Test("dropout takes its share in training, keeps the mean, and does nothing in use")
    func dropout() throws {
        let network = try Network(
            NetworkArchitecture(family: .classifier, inputWidth: 20_000, layers: [.dropout(rate: 0.25)]))
        let input = Matrix(rows: 1, columns: 20_000, values: [Float](repeating: 1, count: 20_000))
        let parameters = ParameterVector(repeating: 0, count: 0)
        #expect(network.reconstruct(input, parameters: parameters) == input)
        var gradient = parameters
        let zeros = [Float](repeating: 0, count: 20_000)
        func loss(seed: UInt64) -> Double {
            let workspace = Workspace(network: network, maximumBatch: 1, seed: seed)
            return input.withUnsafeBufferPointer { x in
                zeros.withUnsafeBufferPointer { t in
                    network.loss(
                        .meanAbsoluteError, of: x, target: t, rows: 1, parameters: parameters, gradient: &gradient,
                        workspace: workspace)
                }
            }
        }
        #expect(abs(loss(seed: 1) - 1) < 0.02)
        #expect(loss(seed: 1) == loss(seed: 1) && loss(seed: 1) != loss(seed: 2))
    }

    @Test("layers with random numbers are refused or can be run, and never trap")
    func random() throws {
        var generator = SeededGenerator(seed: 6)
        let sizes = [-1, 0, 1, 1, 2, 2, 3, 4, 7, 65_536, .max, .min]
        func number() -> Int { sizes[Int(generator.next() % UInt64(sizes.count))] }
        func list() -> [Int] { (0..<Int(generator.next() % 4)).map { _ in number() } }
        var built = 0
        for _ in 0..<20_000 {
            let convolution = ConvolutionDescription(
                filters: number(), kernel: list(), stride: list(), padding: list(), dilation: list(),
                outputPadding: list())
            let layers: [LayerDescription] = [
                .convolution(convolution), .transposedConvolution(convolution), .upsampling(list()),
                .pooling(PoolingDescription(.average, size: list(), stride: list())),
                .pooling(PoolingDescription(.maximum, size: list(), stride: list())), .reshape(list()),
                .recurrent(.init(.lstm, units: number())), .repeatVector(number()),
            ]
            let layer = layers[Int(generator.next() % UInt64(layers.count))]
            let architecture = NetworkArchitecture(
                family: .classifier, inputWidth: 12,
                layers: [.reshape([2, 3, 2]), layer, .activation(.tanh)])
            guard let network = try? Network(architecture), network.parameterCount < 10_000 else { continue }
            let output = network.reconstruct(
                Matrix(rows: 2, columns: 12), parameters: network.initialParameters(seed: 1))
            #expect(output.columns == network.outputWidth)
            built += 1
        }
        #expect(built > 200)
    }
}
