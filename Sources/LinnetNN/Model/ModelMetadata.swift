// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetNumerics

/// The texts in a model file's `__metadata__`: each is taken out once, and none may be left over.
struct ModelMetadata {
    static let format = "linnet-model/1"
    private static let provenancePrefix = "provenance."

    private var texts: [String: String]

    init(_ texts: [String: String]) { self.texts = texts }

    static func encode(_ model: ModelArtifact, _ precision: WeightPrecision) -> [String: String] {
        var texts = [
            "format": format,
            "family": model.architecture.family,
            "inputWidth": "\(model.architecture.inputWidth)",
            "layers": encode(model.architecture.layers),
            "windowLength": "\(model.windowLength)",
            "falseAlarmsPerDay": "\(model.falseAlarmsPerDay)",
        ]
        if let companion = model.architecture.companion { texts["companion"] = json(companion) }
        if precision != .float32 { texts["precision"] = precision.rawValue }
        if model.scaler.rule != .standard { texts["scaling"] = model.scaler.rule.rawValue }
        for (key, text) in model.provenance { texts[provenancePrefix + key] = text }
        return texts
    }

    /// - Returns: `32 relu, 38 identity` if all layers are dense, else the layers in JSON.
    private static func encode(_ layers: [LayerDescription]) -> String {
        var words: [String] = []
        for layer in layers {
            guard case .dense(let dense) = layer else { return json(layers) }
            words.append("\(dense.width) \(dense.activation.rawValue)")
        }
        return words.joined(separator: ", ")
    }

    /// - Returns: layers or a companion in the one order of keys that is read back.
    private static func json(_ description: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // Only a number that is not finite cannot be encoded, and none is in an architecture that has been checked.
        guard let bytes = try? encoder.encode(description) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func takeFormat() throws(ModelArtifactError) {
        let found = try take("format")
        guard found == Self.format else { throw Self.refuse("format", found, "\"\(Self.format)\"") }
    }

    mutating func takeArchitecture() throws(ModelArtifactError) -> NetworkArchitecture {
        let family = try take("family")
        let inputWidth = try takeInteger("inputWidth")
        let text = try take("layers")
        let layers =
            text.hasPrefix("[")
            ? try Self.parse("layers", text, as: [LayerDescription].self) : try Self.layers(words: text)
        let companion = try texts.removeValue(forKey: "companion").map { text throws(ModelArtifactError) in
            try Self.parse("companion", text, as: CompanionDescription.self)
        }
        return NetworkArchitecture(family: family, inputWidth: inputWidth, layers: layers, companion: companion)
    }

    private static func layers(words text: String) throws(ModelArtifactError) -> [LayerDescription] {
        var layers: [LayerDescription] = []
        // One more than is allowed is enough to be refused, however long the text is.
        for part in text.split(separator: ",", maxSplits: NetworkLimits.default.maximumLayers) {
            let words = part.split(separator: " ")
            guard words.count == 2, let width = Int(words[0]), let activation = Activation(rawValue: String(words[1]))
            else {
                throw refuse("layers", text, "a list like \"8 tanh, 38 identity\"")
            }
            layers.append(.dense(width: width, activation: activation))
        }
        return layers
    }

    private static func parse<Description: Codable>(
        _ key: String, _ text: String, as type: Description.Type
    ) throws(ModelArtifactError) -> Description {
        let description: Description
        do {
            description = try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw refuse(key, text, "the JSON of known layers")
        }
        // One text for one architecture: no unknown keys, no other order.
        guard json(description) == text else { throw refuse(key, text, "JSON as Linnet writes it") }
        return description
    }

    /// - Returns: `.float32` where nothing else is said; a file never says that it is, so that it has one reading.
    mutating func takePrecision() throws(ModelArtifactError) -> WeightPrecision {
        try takeChoice("precision", unsaid: .float32)
    }

    /// - Returns: `.standard` where nothing else is said; a file never says that it is.
    mutating func takeScaling() throws(ModelArtifactError) -> ScalingRule {
        try takeChoice("scaling", unsaid: .standard)
    }

    private mutating func takeChoice<Value: RawRepresentable & CaseIterable & Equatable>(
        _ key: String, unsaid: Value
    ) throws(ModelArtifactError) -> Value where Value.RawValue == String {
        guard let text = texts.removeValue(forKey: key) else { return unsaid }
        let allowed = Value.allCases.filter { $0 != unsaid }
        guard let choice = allowed.first(where: { $0.rawValue == text }) else {
            throw Self.refuse(key, text, allowed.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }

    mutating func takeInteger(_ key: String) throws(ModelArtifactError) -> Int {
        let text = try take(key)
        guard let number = Int(text) else { throw Self.refuse(key, text, "a whole number") }
        return number
    }

    mutating func takeNumber(_ key: String) throws(ModelArtifactError) -> Double {
        let text = try take(key)
        guard let number = Double(text), number.isFinite else { throw Self.refuse(key, text, "a finite number") }
        return number
    }

    /// - Returns: the provenance. It must be taken last: a text of another key is refused as unknown.
    mutating func takeProvenance() throws(ModelArtifactError) -> [String: String] {
        var provenance: [String: String] = [:]
        for (key, text) in texts {
            guard key.hasPrefix(Self.provenancePrefix) else {
                throw .unexpectedMetadata(String(key.prefix(64)))
            }
            provenance[String(key.dropFirst(Self.provenancePrefix.count))] = text
        }
        return provenance
    }

    private mutating func take(_ key: String) throws(ModelArtifactError) -> String {
        guard let text = texts.removeValue(forKey: key) else { throw .missingMetadata(key) }
        return text
    }

    private static func refuse(_ key: String, _ found: String, _ allowed: String) -> ModelArtifactError {
        .metadata(key: key, found: String(found.prefix(64)), allowed: allowed)
    }
}
