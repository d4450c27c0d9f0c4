// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection
import LinnetEvaluation
import LinnetSimulation

/// An evaluation as one JSON document: every number of every contender, over the set and for each series.
struct EvaluationDocument: Encodable {
    var benchmark: String?
    var protocolText: String?
    var pointAdjustmentWarning = PointAdjustment.warning
    var settings: PipelineSettings
    var results: [ContenderResult]
    /// What machines learn alone and together, where a set tells.
    var together: [FederationComparison.Row]

    init(
        benchmark: Benchmark?, settings: PipelineSettings, results: [ContenderResult],
        together: [FederationComparison.Row]
    ) {
        self.benchmark = benchmark?.rawValue
        protocolText = benchmark?.protocolText
        self.settings = settings
        self.results = results
        self.together = together
    }

    private enum CodingKeys: String, CodingKey {
        case benchmark
        case protocolText = "protocol"
        case pointAdjustmentWarning
        case settings
        case results
        case together
    }

    func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }
}
