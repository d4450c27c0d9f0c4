// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetNN

extension ModelDescription {
    /// Reads the family and its keys from a `model` section; what is wrong with them is noted there.
    init(reading section: ConfigurationSection) {
        self.init(Self.family(section))
        if family == .denseAutoencoder { self = ModelConfiguration.smallest }
        for option in Option.allCases where section.has(option.rawValue) {
            guard family.options.contains(option) else {
                let known = family.options.map(\.rawValue).joined(separator: ", ")
                section.problem(option.rawValue, "is nothing that a \(family.rawValue) has; it has \(known)")
                continue
            }
            take(option, from: section)
        }
    }

    /// A family that learns what is normal from unlabelled windows.
    private static func family(_ section: ConfigurationSection) -> ModelFamily {
        let families = ModelFamily.allCases.filter { $0.target != .labels }.map(\.rawValue)
        let standard = ModelFamily.denseAutoencoder
        let name = section.string("family", default: standard.rawValue, allowed: ModelFamily.allCases.map(\.rawValue))
        guard let family = ModelFamily(rawValue: name) else { return standard }
        guard family.target != .labels else {
            section.problem(
                "family",
                "is \(name), which learns from labelled faults, and normal operation has none; it must be one of "
                    + families.joined(separator: ", "))
            return standard
        }
        return family
    }

    private mutating func take(_ option: Option, from section: ConfigurationSection) {
        let key = option.rawValue
        func integer(_ range: ClosedRange<Int>) -> Int { section.integer(key, in: range) }
        func number(_ range: ClosedRange<Double>) -> Float { Float(section.number(key, in: range)) }
        func widths() -> [Int] {
            let widths = section.integers(key, in: 1...65_536)
            if !(1...16).contains(widths.count) {
                section.problem(key, "has \(widths.count) numbers; it must have 1 to 16")
            }
            return widths
        }
        func choice<Value: RawRepresentable & CaseIterable>() -> Value? where Value.RawValue == String {
            Value(rawValue: section.string(key, allowed: Value.allCases.map(\.rawValue)))
        }
        switch option {
        case .hidden: hidden = widths()
        case .filters: filters = widths()
        case .latent: latent = integer(1...65_536)
        case .kernel: kernel = integer(1...4096)
        case .stride: stride = integer(1...4096)
        case .units: units = integer(1...65_536)
        case .horizon: horizon = integer(1...4096)
        case .classes: classes = integer(2...65_536)
        case .pretrainingEpochs: pretrainingEpochs = integer(1...10_000)
        case .activation: activation = choice()
        case .cell: cell = choice()
        case .noise: noise = number(0...1000)
        case .sparsity: sparsity = number(0...1000)
        case .dropout: dropout = number(0...0.95)
        case .beta: beta = number(0...1000)
        case .adversarialWeight: adversarialWeight = number(0...1000)
        case .scoreShare: scoreShare = number(0...1)
        }
    }
}
