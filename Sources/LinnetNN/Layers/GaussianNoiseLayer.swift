// SPDX-License-Identifier: Apache-2.0
//
//   training: y = x + s e, e from the standard normal distribution      dx = dy      in use: y = x

import LinnetNumerics

/// Noise that is added in training only: what makes an autoencoder a denoising one (Vincent et al. 2010).
struct GaussianNoiseLayer: Layer {
    let input: LayerShape
    private let standardDeviation: Float
    var output: LayerShape { input }

    init(standardDeviation: Float, input: LayerShape, at place: LayerPlace) throws(NetworkError) {
        try place.check(standardDeviation, of: "standardDeviation", within: 0...1000)
        self.standardDeviation = standardDeviation
        self.input = input
    }

    func forward(_ pass: LayerPass) -> Double {
        let count = pass.rows * input.count
        pass.output.update(from: pass.input, count: count)
        if pass.isTraining {
            for i in 0..<count { pass.output[i] += standardDeviation * Float(pass.noise.pointee.gaussian()) }
        }
        return 0
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        slopes.input?.update(from: slopes.output, count: pass.rows * input.count)
    }
}
