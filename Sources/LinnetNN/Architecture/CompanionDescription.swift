// SPDX-License-Identifier: Apache-2.0

/// The second network of an adversarial model, which learns along with the autoencoder that `layers` describe.
///
/// Of `usad` it is a second decoder, from the bottleneck to a window. Of `gan` and `autoencoderGAN` it is a discriminator,
/// from a window to one logit: above 0 for windows that it takes for real. Its parameters lie behind the autoencoder's in
/// the one flat vector, as `companion.0.weight` and so on.
public struct CompanionDescription: Codable, Sendable, Hashable {
    /// How many of the autoencoder's layers are its encoder; the rest is its decoder, of a GAN the generator.
    public var encoderLayers: Int
    public var layers: [LayerDescription]
    /// How much the opponent counts beside the reconstruction while training, 0 to 1000; of `usad` at most 1.
    public var adversarialWeight: Float
    /// The companion's share in the score of a window, 0 to 1.
    public var scoreShare: Float

    public init(
        encoderLayers: Int, layers: [LayerDescription], adversarialWeight: Float = 1, scoreShare: Float = 0.5
    ) {
        self.encoderLayers = encoderLayers
        self.layers = layers
        self.adversarialWeight = adversarialWeight
        self.scoreShare = scoreShare
    }

    /// - Throws: `NetworkError.setting` for a number that is out of its range.
    func validate(largestWeight: Float) throws(NetworkError) {
        try Self.check(adversarialWeight, of: "adversarialWeight", within: 0...largestWeight)
        try Self.check(scoreShare, of: "scoreShare", within: 0...1)
    }

    private static func check(
        _ value: Float, of field: String, within range: ClosedRange<Float>
    ) throws(NetworkError) {
        guard range.contains(value) else {
            throw .setting(
                place: "companion.\(field)", found: "\(value)",
                allowed: "between \(range.lowerBound) and \(range.upperBound)")
        }
    }
}
