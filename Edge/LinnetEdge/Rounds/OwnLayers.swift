// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetFederation
import LinnetNN
import LinnetNumerics

/// The layers that an agent keeps to itself where its cohort's rounds leave some with each agent (see `LocalLayers`).
///
///     let mine = OwnLayers(["last"], of: model)          // after a training
///     …
///     let start = mine.merged(over: base, parts: ["last"])       // before the next one
///     let weights = mine.weights(for: released)          // and wherever a version is scored with
///
/// They are kept in the agent's database and never sent. Of another network, or of other parts than are asked for, they are
/// passed over, and the next training's take their place.
public struct OwnLayers: Sendable, Codable, Equatable {
    /// The parts by their names.
    public let parts: [String]
    private let architecture: NetworkArchitecture
    /// `[P]`; only the own layers are looked at.
    private let trained: OwnWeights

    /// - Parameter model: as the agent has trained it.
    public init(_ parts: [String], of model: ModelArtifact) {
        self.parts = parts
        architecture = model.architecture
        trained = OwnWeights(.ownLayers, model.parameters)
    }

    /// A version's weights with the own layers in their places, `[P]`.
    ///
    /// - Parameter parts: those that stay with each agent.
    /// - Returns: `nil` where these are others, or of another network.
    public func merged(over version: ModelArtifact, parts: [String]) -> ParameterVector? {
        guard !parts.isEmpty, parts == self.parts, version.architecture == architecture,
            let own = trained.parameters(count: version.parameters.count),
            // They were trained in such a network: one that can not be built any more is not this one.
            let ranges = try? Network(architecture).localRanges(of: parts)
        else { return nil }
        return LocalLayers(ranges).merged(version.parameters, own: own)
    }

    /// What this agent's devices score a released version with.
    ///
    /// - Returns: `nil` where it is the version as it is: it leaves no layers to agents, or none that these are.
    public func weights(for version: ModelArtifact) -> OwnWeights? {
        merged(over: version, parts: LocalLayers.parts(in: version.provenance)).map { OwnWeights(.ownLayers, $0) }
    }
}
