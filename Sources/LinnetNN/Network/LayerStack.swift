// SPDX-License-Identifier: Apache-2.0

/// The layers of a network in order, and where the parameters of each lie in the flat vector.
struct LayerStack: Sendable {
    private(set) var layers: [any Layer] = []
    /// The number of weights and biases of all layers.
    private(set) var parameterCount = 0
    /// The shape of one row that comes out, also where the last layer has been followed by a mere change of shape.
    var outputShape: LayerShape
    private var places: [Place] = []

    init(input: LayerShape) { outputShape = input }

    private struct Place: Sendable {
        /// Of the description in the architecture.
        let name: String
        /// Of the first parameter in the flat vector.
        let offset: Int
        /// The layer itself if it is dense: to call a small one through `any Layer` takes longer than its arithmetic.
        let dense: DenseLayer?
    }

    var count: Int { layers.count }

    /// Puts a layer behind the others, and its activation where that is a layer of its own.
    ///
    /// - Throws: `.kept` or `.parameterCount` if the network becomes too large by it.
    mutating func append(
        _ layer: any Layer, then activation: Activation = .identity, at place: LayerPlace
    ) throws(NetworkError) {
        let limits = place.limits
        guard layer.keptCount(rows: 1) <= limits.maximumKept else {
            throw .kept(place: place.name, found: layer.keptCount(rows: 1), maximum: limits.maximumKept)
        }
        layers.append(layer)
        places.append(Place(name: place.name, offset: parameterCount, dense: layer as? DenseLayer))
        outputShape = layer.output
        // No overflow: what was before is within the limit, and one layer's tensors are products of checked sizes.
        parameterCount += layer.parameterCount
        guard parameterCount <= limits.maximumParameters else {
            throw .parameterCount(found: parameterCount, maximum: limits.maximumParameters)
        }
        if !activation.isFusible { try append(ActivationLayer(activation, shape: outputShape), at: place) }
    }

    /// Takes the last layer away if it only repeats a single place, which a recurrent layer can do without copies.
    ///
    /// - Returns: how many times it does; `nil` if it is another layer.
    mutating func removeRepetition() -> Int? {
        guard let last = layers.last as? UpsamplingLayer, last.input.places == 1, last.output == outputShape,
            outputShape.height == 1
        else { return nil }
        layers.removeLast()
        places.removeLast()
        outputShape = last.input
        return last.output.width
    }

    /// - Returns: the offset of layer `i`'s first parameter.
    func offset(_ i: Int) -> Int { places[i].offset }

    /// The parameters of each layer that has some.
    var parameterRanges: [Range<Int>] {
        zip(layers, places).map { $1.offset..<$1.offset + $0.parameterCount }.filter { !$0.isEmpty }
    }

    func forward(_ i: Int, _ pass: LayerPass) -> Double {
        if let dense = places[i].dense { dense.forward(pass) } else { layers[i].forward(pass) }
    }

    func backward(_ i: Int, _ pass: LayerPass, _ slopes: LayerSlopes) {
        if let dense = places[i].dense { dense.backward(pass, slopes) } else { layers[i].backward(pass, slopes) }
    }

    /// The layers that have parameters which are not trained but follow the data.
    var statisticalLayers: [Int] { layers.indices.filter { layers[$0].hasStatistics } }

    /// Calls `body` with each tensor of each layer, in the order in which they lie in the flat vector.
    func forEachTensor(_ body: (_ name: String, _ tensor: LayerTensor, _ range: Range<Int>) -> Void) {
        for (layer, place) in zip(layers, places) {
            var offset = place.offset
            for tensor in layer.tensors {
                body("\(place.name).\(tensor.name)", tensor, offset..<offset + tensor.count)
                offset += tensor.count
            }
        }
    }
}
