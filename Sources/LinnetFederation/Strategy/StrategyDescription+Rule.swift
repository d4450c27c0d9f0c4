// SPDX-License-Identifier: Apache-2.0

extension StrategyDescription {
    /// The rule that is described.
    public var rule: ServerRule {
        switch name {
        case .robust: ServerRule(aggregation: robustAggregation)
        case .fedavg: averaging(nil)
        case .fedavgm: averaging(FedAvgM(learningRate: self[.learningRate], momentum: self[.momentum]))
        case .fedadagrad: averaging(FedAdagrad(learningRate: self[.learningRate], tau: self[.tau]))
        case .fedyogi:
            averaging(
                FedYogi(
                    learningRate: self[.learningRate], beta1: self[.beta1], beta2: self[.beta2], tau: self[.tau]))
        case .fedadam:
            averaging(
                FedAdam(
                    learningRate: self[.learningRate], beta1: self[.beta1], beta2: self[.beta2], tau: self[.tau]))
        case .fedbuff: ServerRule(aggregation: buffered)
        case .scaffold:
            ServerRule(
                aggregation: NormClipping(FederatedAveraging(maximumWeight: 1), factor: self[.clipFactor]))
        case .median: mixed(CoordinateMedian())
        case .trimmedMean: mixed(TrimmedMean(share: self[.trimmedShare]))
        case .geometricMedian:
            mixed(GeometricMedian(smoothing: self[.smoothing], maximumSteps: whole(.maximumSteps)))
        case .krum: ServerRule(aggregation: Krum(maximumMalicious: whole(.maximumMalicious)))
        case .multiKrum:
            ServerRule(
                aggregation: MultiKrum(
                    maximumMalicious: whole(.maximumMalicious),
                    selected: whole(.selected) == 0 ? nil : whole(.selected)))
        case .bulyan: ServerRule(aggregation: Bulyan(maximumMalicious: whole(.maximumMalicious)))
        }
    }

    /// Whether participants train with control variates, and send the change of theirs beside the weights.
    public var usesControlVariates: Bool { name == .scaffold }

    /// The rule over a buffer of updates of any age; absent for strategies that work round by round.
    public var buffer: FedBuff? { name == .fedbuff ? buffered : nil }

    /// A parameter that is a whole number, as its range has made sure.
    private func whole(_ parameter: Parameter) -> Int { Int(self[parameter]) }

    private var robustAggregation: RobustAggregation {
        RobustAggregation(
            maliciousShare: self[.maliciousShare], capFactor: self[.clipFactor],
            maximumWeight: whole(.maximumWeight), maximumMixed: whole(.maximumMixed))
    }

    private var buffered: FedBuff {
        FedBuff(
            bufferSize: whole(.bufferSize), learningRate: self[.learningRate],
            discount: .polynomial(exponent: self[.stalenessExponent]), maximumStaleness: whole(.maximumStaleness))
    }

    /// A weighted mean with a norm cap in front, and an optimizer's step after it.
    private func averaging(_ optimizer: (any ServerOptimizer)?) -> ServerRule {
        ServerRule(
            clipping: self[.adaptiveClipping] == 1 ? AdaptiveClipping() : nil,
            aggregation: NormClipping(
                FederatedAveraging(maximumWeight: whole(.maximumWeight)), factor: self[.clipFactor]),
            optimizer: optimizer)
    }

    private func mixed(_ rule: some AggregationStrategy) -> ServerRule {
        let malicious = whole(.mixedMalicious)
        return malicious == 0
            ? ServerRule(aggregation: rule)
            : ServerRule(aggregation: NearestNeighbourMixing(rule, maximumMalicious: malicious))
    }
}
