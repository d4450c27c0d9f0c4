// SPDX-License-Identifier: Apache-2.0

import LinnetFederation
import LinnetNN
import LinnetNumerics

/// The control variates of one training (SCAFFOLD, see `ScaffoldClient`).
struct Scaffolding {
    private let client: ScaffoldClient
    private let fleet: ParameterVector
    private let local: LocalLayers

    /// - Parameter local: layers that stay with each agent, and have nothing to be corrected towards.
    /// - Throws: ``RoundFailure/base(_:)`` if the fleet's control variate is none for so many parameters.
    init(_ terms: ControlTerms, count: Int, local: LocalLayers) throws(RoundFailure) {
        self.local = local
        // One of another network is of no use any more.
        let own = terms.own.flatMap { $0.count == count ? $0 : nil }
        client = own.map(ScaffoldClient.init(control:)) ?? ScaffoldClient(count: count)
        guard let bytes = terms.fleet else {
            fleet = ParameterVector(repeating: 0, count: count)
            return
        }
        do {
            let file = try SafetensorsFile(parsing: bytes)
            fleet = try ControlVariate(tensors: file.tensors, metadata: file.metadata, count: count).values
        } catch {
            throw .base("the fleet's control variate: \(error)")
        }
    }

    /// What is added to every gradient, `[P]`.
    var correction: ParameterVector { local.cleared(client.correction(server: fleet)) }

    /// - Returns: the agent's control variate after a training, and its change.
    func finish(
        from base: ParameterVector, to trained: ParameterVector, _ report: TrainingReport, _ settings: TrainingSettings
    ) -> (own: ParameterVector, change: ParameterVector) {
        var client = client
        let change = client.finish(
            from: base, to: trained, server: fleet, steps: report.steps, learningRate: settings.learningRate)
        return (client.control, change)
    }
}
