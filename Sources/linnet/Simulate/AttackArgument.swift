// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetSimulation

/// What `--attack` takes: a kind of attack and the share of the fleet behind it, `sign-flip:0.3`, or `all:0.3`.
struct AttackArgument: ExpressibleByArgument {
    let plans: [AttackPlan]

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let share = Double(parts[1]), share > 0, share < 0.5 else { return nil }
        if parts[0] == "all" {
            plans = AttackKind.allCases.map { AttackPlan($0, share: share) }
        } else if let kind = AttackKind(rawValue: String(parts[0])) {
            plans = [AttackPlan(kind, share: share)]
        } else {
            return nil
        }
    }

    /// For the help: each kind, and all of them.
    static let kinds = (AttackKind.allCases.map(\.rawValue) + ["all"]).joined(separator: ", ")
}

/// What `--faults` takes.
struct FaultsArgument: ExpressibleByArgument {
    let name: String
    let rates: FaultRates

    init?(argument: String) {
        guard let known = FaultRates.named.first(where: { $0.name == argument }) else { return nil }
        self = FaultsArgument(name: known.name, rates: known.rates)
    }

    private init(name: String, rates: FaultRates) {
        self.name = name
        self.rates = rates
    }

    static let calm = FaultsArgument(name: "calm", rates: .calm)

    var defaultValueDescription: String { name }
    static var allValueStrings: [String] { FaultRates.named.map(\.name) }
}
