// SPDX-License-Identifier: Apache-2.0

extension StrategyDescription {
    /// The strategies, by the names that operators know.
    public enum Name: String, Sendable, Codable, CaseIterable {
        case robust
        case fedavg
        case fedavgm
        case fedadagrad
        case fedyogi
        case fedadam
        case fedbuff
        case scaffold
        case median
        case trimmedMean = "trimmed-mean"
        case geometricMedian = "geometric-median"
        case krum
        case multiKrum = "multi-krum"
        case bulyan

        /// What may be set, in the order it is printed in.
        public var parameters: [Parameter] {
            switch self {
            case .robust: [.maliciousShare, .clipFactor, .maximumWeight, .maximumMixed]
            case .fedavg: Self.averaging
            case .fedavgm: [.learningRate, .momentum] + Self.averaging
            case .fedadagrad: [.learningRate, .tau] + Self.averaging
            case .fedyogi, .fedadam: [.learningRate, .beta1, .beta2, .tau] + Self.averaging
            case .fedbuff: [.bufferSize, .learningRate, .stalenessExponent, .maximumStaleness]
            case .scaffold: [.clipFactor]
            case .median: [.mixedMalicious]
            case .trimmedMean: [.trimmedShare, .mixedMalicious]
            case .geometricMedian: [.smoothing, .maximumSteps, .mixedMalicious]
            case .krum, .bulyan: [.maximumMalicious]
            case .multiKrum: [.maximumMalicious, .selected]
            }
        }

        private static let averaging: [Parameter] = [.maximumWeight, .clipFactor, .adaptiveClipping]

        /// What a parameter is unless it is set.
        public func defaultValue(of parameter: Parameter) -> Double {
            switch (self, parameter) {
            case (.fedavgm, .learningRate), (.fedbuff, .learningRate): 1
            case (.fedyogi, .learningRate): 0.01
            default: parameter.commonDefault
            }
        }
    }

    /// What can be set about a strategy.
    public enum Parameter: String, Sendable, Codable, CaseIterable {
        /// Most windows that count for one participant.
        case maximumWeight = "maximum-weight"
        /// How many median lengths an update may be long.
        case clipFactor = "clip-factor"
        /// 1 to zero and clip updates at tracked bounds, 0 not to.
        case adaptiveClipping = "adaptive-clipping"
        case learningRate = "learning-rate"
        case momentum
        case beta1
        case beta2
        case tau
        /// Which share of the contributors may be malicious.
        case maliciousShare = "malicious-share"
        /// How many of the contributors may be malicious, f.
        case maximumMalicious = "maximum-malicious"
        /// Up to how many contributors updates are mixed.
        case maximumMixed = "maximum-mixed"
        /// How many malicious contributors a mixing in front of the rule is for; 0 for no mixing.
        case mixedMalicious = "mixed-malicious"
        /// How many updates Multi-Krum averages; 0 for n - f - 2.
        case selected
        /// Which share of the values is dropped at each end.
        case trimmedShare = "trimmed-share"
        case smoothing
        case maximumSteps = "maximum-steps"
        case bufferSize = "buffer-size"
        /// The exponent a of the weight `(1 + τ)^(-a)` of an update τ versions old.
        case stalenessExponent = "staleness-exponent"
        case maximumStaleness = "maximum-staleness"

        /// The smallest and the largest value, and whether only whole numbers lie between.
        private var bounds: (range: ClosedRange<Double>, isWhole: Bool) {
            switch self {
            case .maximumWeight: (1...1e9, true)
            case .clipFactor: (0.01...1000, false)
            case .adaptiveClipping: (0...1, true)
            case .learningRate: (1e-6...10, false)
            case .momentum, .beta1, .beta2: (0...0.9999, false)
            case .tau: (1e-9...1, false)
            case .maliciousShare: (0.01...0.49, false)
            case .maximumMalicious, .mixedMalicious: (0...2000, true)
            case .maximumMixed: (0...Double(PairwiseDistances.maximumRows), true)
            case .selected: (0...4000, true)
            case .trimmedShare: (0...0.49, false)
            case .smoothing: (1e-12...1, false)
            case .maximumSteps: (1...1000, true)
            case .bufferSize: (1...10_000, true)
            case .stalenessExponent: (0...1, false)
            case .maximumStaleness: (0...1000, true)
            }
        }

        var commonDefault: Double {
            switch self {
            case .maximumWeight: 20_000
            case .clipFactor: 3
            case .adaptiveClipping, .mixedMalicious, .selected: 0
            case .learningRate: 0.1
            case .momentum, .beta1: 0.9
            case .beta2: 0.99
            case .tau: 1e-3
            case .maliciousShare: 0.3
            case .maximumMalicious: 1
            case .maximumMixed: 1024
            case .trimmedShare: 0.2
            case .smoothing: 1e-6
            case .maximumSteps: 32
            case .bufferSize: 10
            case .stalenessExponent: 0.5
            case .maximumStaleness: 20
            }
        }

        /// Whether the parameter can have this value; NaN it can not.
        public func allows(_ value: Double) -> Bool {
            bounds.range.contains(value) && (!bounds.isWhole || value.rounded() == value)
        }

        /// What it can be, in words: `a whole number from 1 to 1000`.
        public var allowed: String {
            let (lower, upper) = (bounds.range.lowerBound, bounds.range.upperBound)
            return (bounds.isWhole ? "a whole number" : "a number")
                + " from \(StrategyDescription.text(lower)) to \(StrategyDescription.text(upper))"
        }
    }
}
