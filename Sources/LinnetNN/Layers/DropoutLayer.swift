// SPDX-License-Identifier: Apache-2.0
//
//   training: y = m x, m = 0 with probability r, else 1 / (1 - r)      dx = m dy      in use: y = x   dx = dy

import LinnetNumerics

/// Dropout in its inverted form (Srivastava et al. 2014): values vanish at random in training and nothing happens in use.
///
/// As the first layer it is the masking noise of a denoising autoencoder (Vincent et al. 2010).
struct DropoutLayer: Layer {
    let input: LayerShape
    private let rate: Float
    var output: LayerShape { input }

    init(rate: Float, input: LayerShape, at place: LayerPlace) throws(NetworkError) {
        try place.check(rate, of: "rate", within: 0...0.95)
        self.rate = rate
        self.input = input
    }

    /// m.
    func keptCount(rows: Int) -> Int { rows * input.count }

    func forward(_ pass: LayerPass) -> Double {
        let count = pass.rows * input.count
        guard pass.isTraining else {
            pass.output.update(from: pass.input, count: count)
            return 0
        }
        let kept = 1 / (1 - rate)
        for i in 0..<count { pass.kept[i] = pass.noise.pointee.uniform() < Double(rate) ? 0 : kept }
        for i in 0..<count { pass.output[i] = pass.kept[i] * pass.input[i] }
        return 0
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        guard let dx = slopes.input else { return }
        guard pass.isTraining else { return dx.update(from: slopes.output, count: pass.rows * input.count) }
        for i in 0..<pass.rows * input.count { dx[i] = pass.kept[i] * slopes.output[i] }
    }
}
