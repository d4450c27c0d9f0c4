// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging

/// What ``LateUpdates`` asks the store for.
extension FleetCoordinator {
    /// The versions that a late update for an open round may have started from; empty where none is taken.
    func lateBases(of round: Round) throws -> [ModelVersion] {
        guard let numbers = admission.late.bases(of: round) else { return [] }
        return try store.versions(of: round.cohort, from: numbers.lowerBound).filter { numbers.contains($0.number) }
    }

    /// The files of older versions that updates started from, by how many versions ago that was.
    func origins(of headers: [UpdateHeader], base: ModelVersion) throws -> [Int: Data] {
        try LateUpdates.origins(of: headers, base: base) { try store.file(of: $0.digest) }
    }
}
