// SPDX-License-Identifier: Apache-2.0

extension Network {
    /// The names of all layers that have parameters, from the input on: `layers.0`, …, a companion's last.
    public var layerNames: [String] {
        var names: [String] = []
        for slot in slots {
            let name = slot.name.split(separator: ".").dropLast().joined(separator: ".")
            if names.last != name { names.append(name) }
        }
        return names
    }

    /// Where the parameters of a part of the network lie in the flat vector.
    ///
    /// - Parameter part: a layer's name as in `layerNames`, `companion`, or `encoder` or `decoder`: the layers up to the
    ///   narrowest and those behind it.
    /// - Returns: `nil` if there is no such part.
    public func parameterRanges(of part: String) -> [Range<Int>]? {
        let border = encoderLayers
        let ranges = slots.filter { slot in
            switch part {
            case "encoder": Self.layerIndex(slot).map { $0 < border } ?? false
            case "decoder": Self.layerIndex(slot).map { $0 >= border } ?? false
            default: slot.name.hasPrefix(part + ".")
            }
        }.map(\.range)
        return ranges.isEmpty ? nil : ranges
    }

    /// How many of the architecture's layers lead to the bottleneck.
    private var encoderLayers: Int {
        if let companion = architecture.companion { return companion.encoderLayers }
        var (narrowest, count) = (inputWidth, 0)
        for length in 1..<max(1, architecture.layers.count) {
            // Prefixes of a checked architecture; one that only changes the shape computes nothing and is none.
            let prefix = NetworkArchitecture(
                family: .classifier, inputWidth: inputWidth, layers: Array(architecture.layers[..<length]))
            guard let part = try? Network(prefix), part.outputWidth < narrowest else { continue }
            (narrowest, count) = (part.outputWidth, length)
        }
        return count
    }

    /// Of the layer that a tensor belongs to, in the architecture's list; `nil` for a companion's.
    private static func layerIndex(_ slot: TensorSlot) -> Int? {
        let words = slot.name.split(separator: ".")
        return words.count > 2 && words[0] == "layers" ? Int(words[1]) : nil
    }
}
