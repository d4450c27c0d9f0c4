// SPDX-License-Identifier: Apache-2.0
//
// Each layer as ONNX nodes. A value comes in as [batch, height, width, channels] of the layer's input, and goes out so.
// An activation that is not fusible follows as a layer of its own.

import LinnetNumerics

extension DenseLayer {
    func export(to graph: inout ONNXGraph, parameters: [Float]) {
        // ONNX multiplies by [inputs, outputs], at every place alike.
        let weight = parameters.permuted([outputs, input.channels], [1, 0])
        graph.apply("MatMul", to: [graph.constant(weight, [input.channels, outputs])])
        graph.apply("Add", to: [graph.constant(Array(parameters[(outputs * input.channels)...]), [outputs])])
        if activation.isFusible { activation.export(to: &graph) }
    }
}

extension ActivationLayer {
    func export(to graph: inout ONNXGraph, parameters: [Float]) { activation.export(to: &graph) }
}

// MARK: - Places

extension KernelGeometry {
    /// Kernel, strides, padding on each side and dilation, under ONNX's names.
    fileprivate var attributes: [ONNXGraph.Attribute] {
        [
            .ints("kernel_shape", [vertical.kernel, horizontal.kernel]),
            .ints("strides", [vertical.stride, horizontal.stride]),
            .ints("pads", [vertical.padding, horizontal.padding, vertical.padding, horizontal.padding]),
            .ints("dilations", [vertical.dilation, horizontal.dilation]),
        ]
    }
}

extension ONNXGraph {
    /// Appends a node that wants channels first.
    fileprivate mutating func applyChannelsFirst(
        _ type: String, to others: [String] = [], _ attributes: [Attribute]
    ) {
        transpose([0, 3, 1, 2])
        apply(type, to: others, attributes)
        transpose([0, 2, 3, 1])
    }
}

extension ConvolutionLayer {
    func export(to graph: inout ONNXGraph, parameters: [Float]) {
        let sizes = [output.channels, geometry.vertical.kernel, geometry.horizontal.kernel, input.channels]
        let (height, width) = (sizes[1], sizes[2])
        let weight = graph.constant(
            parameters.permuted(sizes, [0, 3, 1, 2]), [output.channels, input.channels, height, width])
        let bias = graph.constant(Array(parameters.suffix(output.channels)), [output.channels])
        graph.applyChannelsFirst("Conv", to: [weight, bias], geometry.attributes)
        if activation.isFusible { activation.export(to: &graph) }
    }
}

extension TransposedConvolutionLayer {
    func export(to graph: inout ONNXGraph, parameters: [Float]) {
        let sizes = [input.channels, geometry.vertical.kernel, geometry.horizontal.kernel, output.channels]
        let (height, width) = (sizes[1], sizes[2])
        let weight = graph.constant(
            parameters.permuted(sizes, [0, 3, 1, 2]), [input.channels, output.channels, height, width])
        let bias = graph.constant(Array(parameters.suffix(output.channels)), [output.channels])
        let added = [
            output.height - geometry.vertical.places(under: input.height),
            output.width - geometry.horizontal.places(under: input.width),
        ]
        graph.applyChannelsFirst(
            "ConvTranspose", to: [weight, bias], geometry.attributes + [.ints("output_padding", added)])
        if activation.isFusible { activation.export(to: &graph) }
    }
}

extension PoolingLayer {
    func export(to graph: inout ONNXGraph, parameters: [Float]) {
        graph.applyChannelsFirst(
            method == .maximum ? "MaxPool" : "AveragePool",
            [.ints("kernel_shape", [size.height, size.width]), .ints("strides", [stride.height, stride.width])])
    }
}

extension UpsamplingLayer {
    func export(to graph: inout ONNXGraph, parameters: [Float]) {
        graph.reshape([-1, input.height, 1, input.width, 1, input.channels])
        graph.apply("Expand", to: [graph.constant([1, 1, factor.height, 1, factor.width, 1])])
        graph.reshape([-1, output.height, output.width, output.channels])
    }
}

extension FirstStepsLayer {
    func export(to graph: inout ONNXGraph, parameters: [Float]) {
        graph.apply("Slice", to: [graph.constant([0]), graph.constant([output.width]), graph.constant([2])])
    }
}

// MARK: - What acts in training only, and normalizations

extension DropoutLayer {
    func export(to graph: inout ONNXGraph, parameters: [Float]) {}
}

extension GaussianNoiseLayer {
    func export(to graph: inout ONNXGraph, parameters: [Float]) {}
}

extension ActivityPenaltyLayer {
    func export(to graph: inout ONNXGraph, parameters: [Float]) {}
}

extension GaussianLatentLayer {
    /// The means, which are the first half.
    func export(to graph: inout ONNXGraph, parameters: [Float]) {
        graph.apply("Slice", to: [graph.constant([0]), graph.constant([output.channels]), graph.constant([3])])
    }
}

extension LayerNormalizationLayer {
    func export(to graph: inout ONNXGraph, parameters: [Float]) {
        let weight = graph.constant(Array(parameters.prefix(input.channels)), [input.channels])
        let bias = graph.constant(Array(parameters.suffix(input.channels)), [input.channels])
        graph.apply("LayerNormalization", to: [weight, bias], [.int("axis", -1), .float("epsilon", 1e-5)])
    }
}

extension BatchNormalizationLayer {
    /// In use it is one factor and one sum for each channel.
    func export(to graph: inout ONNXGraph, parameters: [Float]) {
        let count = input.channels
        var (factors, shifts) = ([Float](), [Float]())
        for c in 0..<count {
            let deviation = (max(0, Double(parameters[3 * count + c])) + 1e-5).squareRoot()
            let factor = Double(parameters[c]) / deviation
            factors.append(Float(factor))
            shifts.append(Float(Double(parameters[count + c]) - Double(parameters[2 * count + c]) * factor))
        }
        graph.apply("Mul", to: [graph.constant(factors, [count])])
        graph.apply("Add", to: [graph.constant(shifts, [count])])
    }
}
