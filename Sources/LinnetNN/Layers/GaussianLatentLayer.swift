// SPDX-License-Identifier: Apache-2.0
//
// Legend: B rows times places, Z latent values.  x [B,2Z] = (m, v), v the logarithm of the variance.  y [B,Z]
//   training: y = m + e s, s = exp(v/2), e from the standard normal distribution      in use: y = m
//   loss + w/rows sum KL, KL = 1/2 (m^2 + exp(v) - 1 - v)           (Kingma and Welling 2014, appendix B)
//   dm = dy + w/rows m      dv = dy e s / 2 + w/rows (exp(v) - 1) / 2

import LinnetNumerics

/// The bottleneck of a variational autoencoder: draws from the distribution that the encoder puts out, and keeps that
/// near the standard normal one.
struct GaussianLatentLayer: Layer {
    let input: LayerShape
    private let divergenceWeight: Float

    init(divergenceWeight: Float, input: LayerShape, at place: LayerPlace) throws(NetworkError) {
        try place.check(divergenceWeight, of: "divergenceWeight", within: 0...1000)
        guard input.channels.isMultiple(of: 2) else {
            throw .shape(place: place.name, found: "\(input)", needed: "an even width: means and log variances")
        }
        self.divergenceWeight = divergenceWeight
        self.input = input
    }

    var output: LayerShape { LayerShape(height: input.height, width: input.width, channels: input.channels / 2) }

    /// e and s, `[B,Z]` each.
    func keptCount(rows: Int) -> Int { rows * input.count }

    func forward(_ pass: LayerPass) -> Double {
        let width = output.channels
        let rows = pass.rows * input.places
        let (noise, deviation) = (pass.kept, pass.kept + rows * width)
        var divergence = 0.0
        for row in 0..<rows {
            let mean = pass.input + row * 2 * width
            let (logVariance, first) = (mean + width, row * width)
            for z in 0..<width {
                let s = Kernels.exp(0.5 * logVariance[z])
                deviation[first + z] = s
                divergence += Double(0.5 * (mean[z] * mean[z] + (s * s - 1) - logVariance[z]))
                pass.output[first + z] = mean[z]
            }
        }
        if pass.isTraining {
            for i in 0..<rows * width {
                noise[i] = Float(pass.noise.pointee.gaussian())
                pass.output[i] += noise[i] * deviation[i]
            }
        }
        return Double(divergenceWeight) * divergence / Double(pass.rows)
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        guard let dx = slopes.input else { return }
        let width = output.channels
        let rows = pass.rows * input.places
        let (noise, deviation) = (pass.kept, pass.kept + rows * width)
        // In use the means go through as they are, and nothing is added to what is judged.
        let weight = pass.isTraining ? divergenceWeight / Float(pass.rows) : 0
        for row in 0..<rows {
            let (mean, dmean, first) = (pass.input + row * 2 * width, dx + row * 2 * width, row * width)
            let dlogVariance = dmean + width
            for z in 0..<width {
                let (dy, s) = (slopes.output[first + z], deviation[first + z])
                dmean[z] = dy + weight * mean[z]
                let drawn = pass.isTraining ? dy * noise[first + z] * s : 0
                dlogVariance[z] = 0.5 * (drawn + weight * (s * s - 1))
            }
        }
    }
}
