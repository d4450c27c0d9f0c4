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
    /// - Parameter part: a layer's name as in `layerNames`, `companion`, `encoder` or `decoder`: the layers up to the
    ///   narrowest and those behind it, or `last`: the last layer that has parameters, a companion's not counted.
    /// - Returns: `nil` if there is no such part.
    public func parameterRanges(of part: String) -> [Range<Int>]? {
        let border = encoderLayers
        let last = slots.compactMap(Self.layerIndex).max()
        let ranges = slots.filter { slot in
            switch part {
            case "encoder": Self.layerIndex(slot).map { $0 < border } ?? false
            case "decoder": Self.layerIndex(slot).map { $0 >= border } ?? false
            case "last": Self.layerIndex(slot).map { $0 == last } ?? false
            default: slot.name.hasPrefix(part + ".")
            }
        }.map(\.range)
        return ranges.isEmpty ? nil : ranges
    }

    /// Where the parameters lie that stay with each agent while the others are learned together.
    ///
    /// - Parameter parts: as `parameterRanges(of:)` knows them; none where everything is shared.
    /// - Returns: in rising order, none twice.
    /// - Throws: ``NetworkError/setting(place:found:allowed:)`` if there is no such part, or nothing would be shared.
    public func localRanges(of parts: [String]) throws(NetworkError) -> [Range<Int>] {
        var local: Set<Range<Int>> = []
        for part in parts {
            guard let ranges = parameterRanges(of: part) else {
                throw .setting(
                    place: "a local layer", found: "\"\(part.prefix(64))\"",
                    allowed: "last, encoder, decoder or one of \(layerNames.joined(separator: ", "))")
            }
            local.formUnion(ranges)
        }
        guard local.reduce(0, { $0 + $1.count }) < parameterCount else {
            throw .setting(
                place: "what stays local", found: "every layer",
                allowed: "less than all, or nothing is learned together")
        }
        return local.sorted { $0.lowerBound < $1.lowerBound }
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
