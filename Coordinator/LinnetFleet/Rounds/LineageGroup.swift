// SPDX-License-Identifier: Apache-2.0

import LinnetFederation
import LinnetMessaging

/// How many lineages a round's cohort is to have.
public struct ClusterTerms: Codable, Sendable, Equatable {
    public var count: Int
    /// Fewest updates that make a lineage's version.
    public var quorum: Int

    public init(count: Int, quorum: Int) {
        self.count = count
        self.quorum = quorum
    }
}

/// The updates of a round that become one lineage's next version.
public struct LineageGroup: Sendable, Equatable {
    /// The lineage's number; 0 where a cohort has only one.
    public var lineage: Int
    /// The version that it goes on from.
    public var base: ModelReference
    /// In agent order.
    public var headers: [UpdateHeader]

    public init(lineage: Int, base: ModelReference, headers: [UpdateHeader]) {
        self.lineage = lineage
        self.base = base
        self.headers = headers
    }

    /// The groups of a training round: a function of what is stored, so that a crash in the middle costs nothing.
    ///
    /// Where the round offered several lineages an update belongs to the one that it was trained from, and a lineage that
    /// fewer than its quorum have chosen stays as it is. Where it offered one, and the cohort is to have several, the
    /// updates are split by where they went.
    ///
    /// - Parameter updates: the round's; their weights are read for a split only.
    /// - Returns: at least one group, unless every lineage was chosen by too few.
    /// - Throws: ``AggregationError``.
    public static func groups(
        of round: Round, _ updates: StoredUpdates
    ) throws(AggregationError) -> [LineageGroup] {
        guard let base = round.base else { return [] }
        let headers = updates.headers
        guard let clusters = round.clusters else {
            return [LineageGroup(lineage: 0, base: base, headers: headers)]
        }
        guard round.lineages?.isEmpty ?? true else {
            return round.bases.enumerated().compactMap { lineage, base in
                let own = headers.filter { $0.base == base.version }
                return own.count < clusters.quorum ? nil : LineageGroup(lineage: lineage, base: base, headers: own)
            }
        }
        let parts = try Lineages.split(updates, into: clusters.count, atLeast: clusters.quorum)
        return parts.enumerated().map { lineage, rows in
            LineageGroup(lineage: lineage, base: base, headers: rows.map { headers[$0] })
        }
    }
}
