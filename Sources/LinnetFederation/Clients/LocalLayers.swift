// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Which layers of a network stay with each agent, and are not of the fleet.
///
///     let local = LocalLayers(try network.localRanges(of: ["last"]))
///     var weights = local.merged(global, own: mine)          // after a download: the fleet's encoder, the own last layer
///     …                                                      // training, scoring
///     let update = local.shared(weights, base: global)       // before an upload: nothing of the own layers leaves
///
/// FedPer (Arivazhagan et al. 2019, arXiv 1912.00818): the layers near the input are learned together, the last ones by
/// each agent alone. Of an autoencoder's layers the last one turns what all machines have in common back into the channels
/// of one machine. (What FedBN keeps local, Li et al. 2021, is local with Linnet in any case: each device's own level and
/// spread.)
///
/// It helps where machines differ in how their channels move together, and costs where they are alike. Nine agents on server
/// metrics of like machines, 30 rounds, three seeds: a held-out error of 0.038 with all layers shared and of 0.059 with the
/// last one local; with a quarter of the data 0.123 and 0.135, and 0.164 for each agent alone. So agents share all layers
/// unless their cohort's rounds say otherwise: `rounds.localLayers`.
public struct LocalLayers: Sendable, Equatable {
    /// The parameters that stay, range by range.
    public let ranges: [Range<Int>]

    /// - Parameter ranges: in the flat vector; none where all parameters are the fleet's.
    public init(_ ranges: [Range<Int>]) { self.ranges = ranges }

    /// What an agent shows of its weights: the fleet's layers as it trained them, and the base's in place of its own.
    ///
    /// - Parameters:
    ///   - trained: `[P]`.
    ///   - base: the version it was trained from, `[P]`.
    public func shared(_ trained: ParameterVector, base: ParameterVector) -> ParameterVector {
        replacing(in: trained, by: base)
    }

    /// What an agent works with: the fleet's layers, and its own in their places.
    ///
    /// - Parameters:
    ///   - global: the fleet's version, `[P]`.
    ///   - own: the weights the agent worked with before, `[P]`; only its own layers are looked at.
    public func merged(_ global: ParameterVector, own: ParameterVector) -> ParameterVector {
        replacing(in: global, by: own)
    }

    /// A vector of the fleet's, such as a correction, with nothing where the agent's own layers are, `[P]`.
    public func cleared(_ vector: ParameterVector) -> ParameterVector {
        replacing(in: vector, by: ParameterVector(repeating: 0, count: ranges.isEmpty ? 0 : vector.count))
    }

    private func replacing(in vector: ParameterVector, by other: ParameterVector) -> ParameterVector {
        guard !ranges.isEmpty else { return vector }
        precondition(vector.count == other.count, "\(vector.count) parameters can not be merged with \(other.count)")
        var result = vector
        for range in ranges {
            precondition(range.upperBound <= vector.count, "a layer ends behind all \(vector.count) parameters")
            for i in range { result[i] = other[i] }
        }
        return result
    }

    // MARK: - What a version says of it

    /// Notes in a version's provenance which parts of it are each agent's own.
    public static func note(_ parts: [String], in provenance: inout [String: String]) {
        guard !parts.isEmpty else { return }
        provenance[provenanceKey] = parts.joined(separator: ",")
    }

    /// The parts of a version that are each agent's own, by its provenance; none where all are the fleet's.
    public static func parts(in provenance: [String: String]) -> [String] {
        (provenance[provenanceKey] ?? "").split(separator: ",").map(String.init)
    }

    private static let provenanceKey = "localLayers"
}
