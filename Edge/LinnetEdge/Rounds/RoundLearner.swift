// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetFederation
import LinnetMessaging
import LinnetNN
import LinnetNumerics

/// Why an agent has no answer to a round.
public enum RoundFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is too little to learn from.
    case tooFewWindows(found: Int, needed: Int)
    /// The base is no model, or not one for these devices.
    case base(String)
    /// Training went wrong.
    case training(String)
    /// The result is not fit to be sent.
    case result(String)

    public var description: String {
        switch self {
        case .tooFewWindows(let found, let needed): "\(found) normal windows are stored; \(needed) are needed"
        case .base(let reason): "the base can not be trained from: \(reason)"
        case .training(let reason): reason
        case .result(let reason): "the result is not fit to be sent: \(reason)"
        }
    }
}

/// Computes an agent's answer to a round from its own windows. Everything in it is a value, so it runs on any thread.
public struct RoundLearner: Sendable {
    /// Fewest windows that an answer is made from.
    public static let minimumWindows = Calibration.minimumWindows

    /// Epochs in a row without a better held-out error, after which training stops early.
    static let patience = 3

    private let contract: SignalContract
    private let seed: UInt64
    private let trimmedShare: Double
    /// Windows that a device scores in a day.
    let windowsPerDay: Double

    /// - Parameters:
    ///   - stride: samples from one window to the next.
    ///   - seed: the order of batches follows from it and the round.
    ///   - trimmedShare: of each device's windows, those least like the others, that are not trained on.
    public init(contract: SignalContract, stride: Int = 1, seed: UInt64, trimmedShare: Double = 0) {
        self.contract = contract
        self.seed = seed
        self.trimmedShare = trimmedShare
        windowsPerDay = LocalLearner.windowsPerDay(contract, stride: stride)
    }

    /// An answer that is not signed yet.
    public struct Answer: Sendable, Equatable {
        public var body: Data
        /// The lineage's version that it was trained from, where there were several to choose from.
        public var base: ModelVersion?
        public var windows: Int
        public var lossBefore: Double?
        public var lossAfter: Double?
        /// What a top-k update has left out, `[P]`; to be brought along the next time, once this one is accepted.
        public var residual: ParameterVector?
        /// The scores of the held-out windows, where they are wanted.
        public var scores: QuantileSketch?
        /// The agent's control variate after this, `[P]`; to be kept once this is accepted.
        public var control: ParameterVector?
        /// The layers that stay with this agent, as this training has left them; to be kept before this is sent.
        public var ownLayers: OwnLayers?
    }

    /// Adds up each channel's moments and distribution around each device's own level.
    public func statistics(_ data: TrainingData) throws(RoundFailure) -> Answer {
        try check(data.count)
        var moments = [ChannelMoments](repeating: ChannelMoments(), count: contract.channels.count)
        var sketches: [[QuantileSketch]] = []
        for (_, windows) in data.devices {
            let center = DeviceLevel.center(of: windows)
            let own = DeviceLevel.moments(of: windows, around: center)
            guard own.count == moments.count else { continue }
            for channel in own.indices { moments[channel].merge(own[channel]) }
            if own.count <= StatisticsBody.maximumSketches {
                sketches.append(DeviceLevel.sketches(of: windows, around: center))
            }
        }
        var body = StatisticsBody(channels: moments)
        if !sketches.isEmpty {
            body.sketches = moments.indices.map { channel in
                QuantileSketch.merged(sketches.map { ($0[channel], 1) })
            }
        }
        do throws(WireError) {
            try body.check()
            return Answer(body: try Wire.encode(body), windows: data.count)
        } catch {
            throw .result("\(error)")
        }
    }

    /// Trains from a base.
    ///
    /// - Parameters:
    ///   - residual: what the last top-k update has left out; of another network it is let go.
    ///   - own: the layers that have stayed with this agent; they count where the offer leaves the same ones with it.
    ///   - pause: called after each batch; `false` ends the training, and what is best so far is the answer.
    public func train(
        _ data: TrainingData, offer: RoundOffer, base file: Data, residual: ParameterVector? = nil,
        controls: ControlTerms? = nil, own: OwnLayers? = nil, pause: () -> Bool
    ) throws(RoundFailure) -> Answer {
        try check(data.count)
        let base = try base(file, of: offer)
        let trimmed: TrainingData
        do { trimmed = try data.trimmed(trimmedShare, scaler: base.scaler) } catch { throw .training("\(error)") }
        let rows = trimmed.standardized(scaler: base.scaler, heldOutShare: Self.validationShare)
        return try train(
            rows, offer: offer, base: base, residual: residual, controls: controls, own: own, pause: pause)
    }

    /// Trains from a base on rows that have been standardized before: for whoever trains on the same ones again and again.
    public func train(
        _ rows: StandardizedRows, offer: RoundOffer, base file: Data, residual: ParameterVector? = nil,
        pause: () -> Bool
    ) throws(RoundFailure) -> Answer {
        try check(rows.windows)
        let base = try base(file, of: offer)
        guard rows.scaler == base.scaler else { throw .base("the rows were standardized for another one") }
        return try train(
            rows, offer: offer, base: base, residual: residual, controls: nil, own: nil, pause: pause)
    }

    private func train(
        _ rows: StandardizedRows, offer: RoundOffer, base: ModelArtifact, residual: ParameterVector?,
        controls: ControlTerms?, own: OwnLayers?, pause: () -> Bool
    ) throws(RoundFailure) -> Answer {
        let (network, local) = try Self.network(of: base, offer)
        let parts = offer.settings.localLayers
        var model = base
        if let start = own?.merged(over: base, parts: parts) { model.parameters = start }
        let settings = Self.settings(offer, seed: seed)
        let scaffold = try controls.map { terms throws(RoundFailure) in
            try Scaffolding(terms, count: base.parameters.count, local: local)
        }
        let report: TrainingReport
        do {
            var trainer = Trainer(network: network, settings: settings)
            report = try trainer.fit(
                &model.parameters, inputs: rows.matrix, correction: scaffold?.correction, pause: pause)
        } catch {
            throw .training("\(error)")
        }
        // Neither a number nor a shape that the coordinator would have to refuse leaves this machine.
        do { try model.validate() } catch { throw .result("\(error)") }
        guard report.initialValidationLoss.isFinite, report.bestValidationLoss.isFinite else {
            throw .result("its error is not finite")
        }
        var shown = model
        shown.parameters = local.shared(model.parameters, base: base.parameters)
        var answer = Answer(
            body: Data(), windows: rows.windows, lossBefore: report.initialValidationLoss,
            lossAfter: report.bestValidationLoss)
        if !parts.isEmpty { answer.ownLayers = OwnLayers(parts, of: model) }
        if offer.settings.wantsScores {
            var scores = QuantileSketch()
            // Of the weights as the fleet gets them: they are for the thresholds of devices that have nothing of their own.
            scores.add(Self.heldOutScores(of: rows, network, shown.parameters))
            answer.scores = scores
        }
        let change = scaffold.map { scaffold in
            let (own, change) = scaffold.finish(from: base.parameters, to: shown.parameters, report, settings)
            answer.control = own
            return change
        }
        let rest = residual.flatMap { $0.count == base.parameters.count ? local.cleared($0) : nil }
        try write(shown, base: base, change: change, offer, seed: settings.seed, residual: rest, into: &answer)
        return answer
    }

    /// The network of a base, and what of it an offer leaves with each agent.
    static func network(
        of base: ModelArtifact, _ offer: RoundOffer
    ) throws(RoundFailure) -> (network: Network, local: LocalLayers) {
        do throws(NetworkError) {
            let network = try Network(base.architecture)
            return (network, LocalLayers(try network.localRanges(of: offer.settings.localLayers)))
        } catch {
            throw .base("\(error)")
        }
    }

    /// Writes trained weights down as the offer says, with the change of a control variate, if there is one.
    private func write(
        _ model: ModelArtifact, base: ModelArtifact, change: ParameterVector?, _ offer: RoundOffer, seed: UInt64,
        residual: ParameterVector?, into answer: inout Answer
    ) throws(RoundFailure) {
        guard offer.settings.updateEncoding != .full || change != nil else {
            answer.body = model.encoded()
            return
        }
        // Another stream than the one that orders batches.
        var generator = SeededGenerator(seed: ~seed)
        do {
            let (update, rest) = try CompressedUpdate.encode(
                offer.settings.updateEncoding, base: base.parameters, trained: model.parameters,
                blocks: try Network(base.architecture).slots.map(\.range),
                residual: residual, using: &generator)
            var tensors = update.tensors
            if let change { tensors.append(try ControlVariate(change).tensor) }
            answer.body = SafetensorsFile(tensors: tensors, metadata: update.metadata).encoded()
            answer.residual = rest
        } catch {
            throw .result("\(error)")
        }
    }

    /// The scores of the rows that the trainer holds out; none where the network has no scores to tell.
    static func heldOutScores(
        of rows: StandardizedRows, _ network: Network, _ parameters: ParameterVector
    ) -> [Double] {
        let held = rows.matrix.rows - Int(Double(rows.matrix.rows) * validationShare)..<rows.matrix.rows
        // What has no scores is refused where it matters.
        guard let scorer = try? WindowScorer(network: network, parameters: parameters) else { return [] }
        let width = rows.matrix.columns
        return rows.matrix.withUnsafeBufferPointer { values in
            held.map { row in
                scorer.score(UnsafeBufferPointer(rebasing: values[row * width..<(row + 1) * width]))
            }
        }
    }

    func check(_ windows: Int) throws(RoundFailure) {
        guard windows >= Self.minimumWindows else {
            throw .tooFewWindows(found: windows, needed: Self.minimumWindows)
        }
    }

    func base(_ file: Data, of offer: RoundOffer) throws(RoundFailure) -> ModelArtifact {
        try base(file, as: offer.base?.version)
    }

    func base(_ file: Data, as version: ModelVersion?) throws(RoundFailure) -> ModelArtifact {
        guard version?.digest == Digest(of: file) else {
            throw .base("its sha256 is not the one in the offer")
        }
        let model: ModelArtifact
        do { model = try ModelArtifact(parsing: file) } catch { throw .base("\(error)") }
        guard model.scaler.count == contract.channels.count, model.windowLength == contract.windowLength else {
            throw .base(
                "it reads windows of \(model.windowLength) samples of \(model.scaler.count) channels; the devices have "
                    + "\(contract.windowLength) samples of \(contract.channels.count)")
        }
        return model
    }

    /// The share of its rows that a participant never trains on, and that the losses it reports are of.
    public static let validationShare = 0.2

    private static func settings(_ offer: RoundOffer, seed: UInt64) -> TrainingSettings {
        TrainingSettings(
            epochs: offer.settings.epochs, batchSize: offer.settings.batchSize,
            learningRate: Float(offer.settings.learningRate),
            // Under Adam or momentum `(w - y) / (K η)` would be no mean gradient.
            optimizer: offer.settings.controlVariates ? .sgd : .adam, seed: seed &+ UInt64(clamping: offer.round),
            validationShare: validationShare, patience: Self.patience,
            proximalMu: Float(offer.settings.proximalMu))
    }
}
