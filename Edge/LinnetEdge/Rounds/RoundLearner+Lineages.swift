// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetFederation
import LinnetMessaging
import LinnetNN
import LinnetNumerics

extension RoundLearner {
    /// Trains the lineage that explains the held-out windows best (IFCA, see `Lineages`).
    ///
    /// - Parameters:
    ///   - files: the offer's bases, by the number of their lineage; at least one.
    ///   - residual, controls, own, pause: as for one base.
    public func train(
        _ data: TrainingData, offer: RoundOffer, bases files: [Data], residual: ParameterVector? = nil,
        controls: ControlTerms? = nil, own: OwnLayers? = nil, pause: () -> Bool
    ) throws(RoundFailure) -> Answer {
        guard files.count == offer.bases.count, let first = files.first else {
            throw .base("\(files.count) files are here of \(offer.bases.count)")
        }
        guard files.count > 1 else {
            return try train(
                data, offer: offer, base: first, residual: residual, controls: controls, own: own, pause: pause)
        }
        try check(data.count)
        var losses: [Double] = []
        for (file, reference) in zip(files, offer.bases) {
            let model = try base(file, as: reference.version)
            let (network, _) = try Self.network(of: model, offer)
            let weights = own?.merged(over: model, parts: offer.settings.localLayers) ?? model.parameters
            let rows = data.standardized(scaler: model.scaler, heldOutShare: Self.validationShare)
            let scores = Self.heldOutScores(of: rows, network, weights)
            losses.append(scores.isEmpty ? .infinity : scores.reduce(0, +) / Double(scores.count))
        }
        guard let best = Lineages.best(of: losses) else { throw .base("no lineage has a finite error") }
        var chosen = offer
        chosen.base = offer.bases[best]
        var answer = try train(data, offer: chosen, base: files[best], residual: residual, own: own, pause: pause)
        answer.base = offer.bases[best].version
        return answer
    }
}
