// SPDX-License-Identifier: Apache-2.0
//
// ModelProto: ir_version 1, producer_name 2, graph 7, opset_import 8 (version 2), metadata_props 14 (key 1, value 2).

import FoundationEssentials
import LinnetNumerics

/// A model as an ONNX file, from a window in the channels' own units to its score, for plants that have a runtime already.
///
///     let onnx = try ONNXModel(artifact, level: artifact.scaler, limit: 50)
///     try onnx.encoded().write(to: file)
///
/// The graph takes `window` `[batch, length, channels]`, and puts out `score` `[batch]`, as `WindowScorer` forms it for the
/// family, and `expected` `[batch, values]`, what the model would have had in their place, in
/// standardized units. Scaler and score are nodes of the graph: nothing is left to be done by hand, and nothing to be done
/// wrong. The layers are as in use: dropout and noise are gone, a variational bottleneck takes its means.
public struct ONNXModel: Sendable {
    private let graph: [UInt8]
    private let metadata: [(key: String, text: String)]

    /// ONNX 1.12 of June 2022: every runtime since reads it.
    static let irVersion = 8
    static let opset = 17

    /// Writes the graph.
    ///
    /// - Parameters:
    ///   - artifact: a model of a family that scores windows.
    ///   - level: how each channel is standardized before it goes in; the model's own scaler, or a device's level.
    ///   - limit: standardized values are held to this many scales; `nil` holds nothing.
    /// - Throws: `ModelArtifactError` if the model is not valid, or its family's outputs are no part of a window.
    public init(_ artifact: ModelArtifact, level: ChannelScaler, limit: Float?) throws(ModelArtifactError) {
        try artifact.validate()
        guard level.isValid, level.count == artifact.scaler.count else { throw .scaler }
        let network: Network
        do throws(NetworkError) {
            network = try Network(artifact.architecture)
            guard ModelFamily(rawValue: artifact.architecture.family)?.target != .labels else {
                throw .noScore(family: artifact.architecture.family)
            }
        } catch {
            throw .architecture(error)
        }
        var graph = ONNXGraph(name: artifact.architecture.family, input: "window")
        graph.declareInput("window", [artifact.windowLength, level.count])
        Self.standardize(&graph, level, limit: limit, width: network.inputWidth)
        let standardized = graph.value
        network.export(to: &graph, parameters: artifact.parameters)
        Self.score(
            &graph, standardized: standardized, network: network, parameters: artifact.parameters)
        self.graph = graph.bytes
        metadata = [
            ("linnet.family", artifact.architecture.family), ("linnet.windowLength", "\(artifact.windowLength)"),
            ("linnet.falseAlarmsPerDay", "\(artifact.falseAlarmsPerDay)"),
        ]
    }

    /// `z = (x - center) / scale`, held to the limit, one row of `[inputWidth]` for each window.
    private static func standardize(_ graph: inout ONNXGraph, _ level: ChannelScaler, limit: Float?, width: Int) {
        graph.apply("Sub", to: [graph.constant(level.center, [level.count])])
        graph.apply("Div", to: [graph.constant(level.scale, [level.count])])
        if let limit {
            graph.apply("Clip", to: [graph.constant([-limit], []), graph.constant([limit], [])])
        }
        graph.reshape([-1, 1, 1, width])
        graph.move(to: graph.value, shape: LayerShape(channels: width))
    }

    // MARK: - Score

    private static func score(
        _ graph: inout ONNXGraph, standardized: String, network: Network, parameters: ParameterVector
    ) {
        let (inputs, outputs) = (network.inputWidth, network.outputWidth)
        let expected = graph.node("Reshape", [graph.value, graph.constant([-1, outputs])], name: "expected")
        let rows = graph.node("Reshape", [standardized, graph.constant([-1, inputs])])
        // A forecaster's output is compared with the end of the window, an autoencoder's with all of it.
        let judged =
            outputs == inputs
            ? rows
            : graph.node(
                "Slice", [rows, graph.constant([inputs - outputs]), graph.constant([inputs]), graph.constant([1])])
        let share = network.architecture.companion?.scoreShare ?? 0
        let isSecondDecoder = ModelFamily(rawValue: network.architecture.family)?.opponent == .decoder
        let score: String
        if let companion = network.companion(parameters: parameters), share > 0 || isSecondDecoder {
            graph.move(to: isSecondDecoder ? expected : rows, shape: LayerShape(channels: inputs))
            graph.reshape([-1, 1, 1, inputs])
            companion.network.export(to: &graph, parameters: companion.parameters)
            let width = companion.network.outputWidth
            let other = graph.node("Reshape", [graph.value, graph.constant([-1, width])])
            if isSecondDecoder {
                score = secondDecoderScore(&graph, judged, expected, other, share)
            } else {
                let own = error(&graph, judged, expected)
                score = discriminatorScore(&graph, own, other, share)
            }
        } else {
            score = error(&graph, judged, expected)
        }
        graph.node("Identity", [score], name: "score")
        graph.declareOutput("score", [])
        graph.declareOutput("expected", [outputs])
    }

    /// The mean squared difference of each row.
    private static func error(_ graph: inout ONNXGraph, _ left: String, _ right: String) -> String {
        let difference = graph.node("Sub", [left, right])
        let square = graph.node("Mul", [difference, difference])
        return graph.node("ReduceMean", [square], [.ints("axes", [1]), .int("keepdims", 0)])
    }

    /// `a (1 - share) + b share`.
    private static func mixed(_ graph: inout ONNXGraph, _ a: String, _ b: String, _ share: Float) -> String {
        let left = graph.node("Mul", [a, graph.constant([1 - share], [])])
        let right = graph.node("Mul", [b, graph.constant([share], [])])
        return graph.node("Add", [left, right])
    }

    /// As `WindowScorer` does: both errors are taken between sigmoids.
    private static func secondDecoderScore(
        _ graph: inout ONNXGraph, _ window: String, _ first: String, _ second: String, _ share: Float
    ) -> String {
        let x = graph.node("Sigmoid", [window])
        let (left, right) = (graph.node("Sigmoid", [first]), graph.node("Sigmoid", [second]))
        let own = error(&graph, x, left)
        let other = error(&graph, x, right)
        return mixed(&graph, own, other, share)
    }

    /// As `WindowScorer` does: the logit D counts as `log(1 + exp(-D))`.
    private static func discriminatorScore(
        _ graph: inout ONNXGraph, _ error: String, _ logit: String, _ share: Float
    ) -> String {
        let negative = graph.node("Neg", [logit])
        let doubt = graph.node("Softplus", [negative])
        let row = graph.node("Reshape", [doubt, graph.constant([-1])])
        return mixed(&graph, error, row, share)
    }

    /// The bytes of the file.
    public func encoded() -> Data {
        var model = ProtobufWriter()
        model.write(Self.irVersion, field: 1)
        model.write("linnet", field: 2)
        model.write(graph, field: 7)
        var operators = ProtobufWriter()
        operators.write(Self.opset, field: 2)
        model.write(operators, field: 8)
        for (key, text) in metadata {
            var entry = ProtobufWriter()
            entry.write(key, field: 1)
            entry.write(text, field: 2)
            model.write(entry, field: 14)
        }
        return Data(model.bytes)
    }
}
