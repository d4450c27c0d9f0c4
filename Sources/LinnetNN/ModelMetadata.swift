// SPDX-License-Identifier: Apache-2.0

/// The texts in a model file's `__metadata__`: each is taken out once, and none may be left over.
struct ModelMetadata {
    static let format = "linnet-model/1"
    private static let provenancePrefix = "provenance."

    private var texts: [String: String]

    init(_ texts: [String: String]) { self.texts = texts }

    static func encode(_ model: ModelArtifact) -> [String: String] {
        let layers = model.architecture.layers.map { "\($0.width) \($0.activation.rawValue)" }
        var texts = [
            "format": format,
            "family": model.architecture.family,
            "inputWidth": "\(model.architecture.inputWidth)",
            "layers": layers.joined(separator: ", "),
            "windowLength": "\(model.windowLength)",
            "falseAlarmsPerDay": "\(model.falseAlarmsPerDay)",
        ]
        for (key, text) in model.provenance { texts[provenancePrefix + key] = text }
        return texts
    }

    mutating func takeFormat() throws(ModelArtifactError) {
        let found = try take("format")
        guard found == Self.format else { throw Self.refuse("format", found, "\"\(Self.format)\"") }
    }

    mutating func takeArchitecture() throws(ModelArtifactError) -> NetworkArchitecture {
        let family = try take("family")
        let inputWidth = try takeInteger("inputWidth")
        let text = try take("layers")
        var layers: [LayerDescription] = []
        // One more than is allowed is enough to be refused, however long the text is.
        for part in text.split(separator: ",", maxSplits: NetworkLimits.default.maximumLayers) {
            let words = part.split(separator: " ")
            guard words.count == 2, let width = Int(words[0]), let activation = Activation(rawValue: String(words[1]))
            else {
                throw Self.refuse("layers", text, "a list like \"8 tanh, 38 identity\"")
            }
            layers.append(LayerDescription(width: width, activation: activation))
        }
        return NetworkArchitecture(family: family, inputWidth: inputWidth, layers: layers)
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
