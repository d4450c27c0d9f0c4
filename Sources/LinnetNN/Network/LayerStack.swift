// SPDX-License-Identifier: Apache-2.0

/// The layers of a network in order, and where the parameters of each lie in the flat vector.
struct LayerStack: Sendable {
    private(set) var layers: [any Layer] = []
    /// The number of weights and biases of all layers.
    private(set) var parameterCount = 0
    /// The shape of one row that comes out, also where the last layer has been followed by a mere change of shape.
    var outputShape: LayerShape
    private var places: [Place] = []

    init(inputWidth: Int) { outputShape = LayerShape(channels: inputWidth) }

    private struct Place: Sendable {
        /// Of the description in the architecture.
        let index: Int
        /// Of the first parameter in the flat vector.
        let offset: Int
        /// The layer itself if it is dense: to call a small one through `any Layer` takes longer than its arithmetic.
        let dense: DenseLayer?
    }

    var count: Int { layers.count }

    /// Puts a layer behind the others; `index` is its description's in the architecture.
    mutating func append(_ layer: any Layer, index: Int) {
        layers.append(layer)
        places.append(Place(index: index, offset: parameterCount, dense: layer as? DenseLayer))
        parameterCount += layer.parameterCount
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

    /// Calls `body` with each tensor of each layer, in the order in which they lie in the flat vector.
    func forEachTensor(_ body: (_ name: String, _ tensor: LayerTensor, _ range: Range<Int>) -> Void) {
        for (layer, place) in zip(layers, places) {
            var offset = place.offset
            for tensor in layer.tensors {
                body("layers.\(place.index).\(tensor.name)", tensor, offset..<offset + tensor.count)
                offset += tensor.count
            }
        }
    }
}
