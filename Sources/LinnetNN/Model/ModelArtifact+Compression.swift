// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

extension ModelArtifact {
    /// The model as it is after it has been written in fewer bits and read again.
    ///
    /// - Throws: why it is no valid model.
    public func rounded(to precision: WeightPrecision) throws(ModelArtifactError) -> ModelArtifact {
        try ModelArtifact(parsing: encoded(precision))
    }

    /// The model without its smallest weights, which become zero (magnitude pruning over all layers; Han et al. 2015).
    ///
    /// Biases, scales and statistics stay. What is gained is bytes where files are packed, and a look at how much of the
    /// model is needed; layers are not faster by it.
    ///
    /// - Parameter share: of the weights, 0 to 1, that become zero.
    /// - Throws: why it is no valid model.
    public func pruned(share: Double) throws(ModelArtifactError) -> ModelArtifact {
        precondition((0...1).contains(share), "a share of \(share) is not between 0 and 1")
        try validate()
        let network: Network
        do throws(NetworkError) { network = try Network(architecture) } catch { throw .architecture(error) }
        var weights: [(size: Float, place: Int)] = []
        for slot in network.slots where slot.shape.count >= 2 {
            for place in slot.range { weights.append((abs(parameters[place]), place)) }
        }
        weights.sort { ($0.size, $0.place) < ($1.size, $1.place) }
        var model = self
        for (_, place) in weights.prefix(Int(share * Double(weights.count))) { model.parameters[place] = 0 }
        return model
    }
}
