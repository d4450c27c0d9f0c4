// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension SignalContract {
    /// Where a model's provenance says what signals it was trained on.
    public static let provenanceKey = "signals"

    /// Most bytes of that text that are looked at.
    private static let maximumBytes = 65_536

    /// The contract as a text, keys sorted: `{"channels":[{"name":"flow","unit":"l/s"}],"intervalMilliseconds":1000,…}`.
    public var provenanceText: String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts and whole numbers can always be written; `nil` is for the compiler.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Reads what anybody may have written; `nil` if it is no contract.
    public init?(provenanceText text: String) {
        guard text.utf8.count <= Self.maximumBytes,
            let contract = try? JSONDecoder().decode(SignalContract.self, from: Data(text.utf8)),
            !contract.channels.isEmpty, contract.intervalMilliseconds > 0, contract.windowLength > 0
        else { return nil }
        self = contract
    }
}

extension SignalContract: CustomStringConvertible {
    /// In a line: `flow [l/s], heat, every 1000 ms, windows of 8`.
    public var description: String {
        let names = channels.prefix(Self.shownChannels).map { $0.unit.isEmpty ? $0.name : "\($0.name) [\($0.unit)]" }
        let more = channels.count > names.count ? " and \(channels.count - names.count) more" : ""
        return "\(names.joined(separator: ", "))\(more), every \(intervalMilliseconds) ms, windows of \(windowLength)"
    }

    private static let shownChannels = 20
}
