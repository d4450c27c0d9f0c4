// SPDX-License-Identifier: Apache-2.0
//
// Legend: B rows times places, C channels.  x, y, u [B,C]  g, b [C]; m and v are mean and variance of a row of x
//   u = (x - m) / sqrt(v + 1e-5)      y = g u + b          (Ba, Kiros and Hinton 2016)
//   dg = column sums of dy u   db = column sums of dy   dx = (g dy - mean(g dy) - u mean(g dy u)) / sqrt(v + 1e-5)

/// Brings the channels at each place to zero mean and unit variance, then to a scale and shift that are learned.
///
/// The constant is PyTorch's; Keras takes 1e-3.
struct LayerNormalizationLayer: Layer {
    let input: LayerShape
    var output: LayerShape { input }

    var tensors: [LayerTensor] {
        [
            LayerTensor(name: "weight", shape: [input.channels], start: .ones),
            LayerTensor(name: "bias", shape: [input.channels], start: .zeros),
        ]
    }

    /// u, and the divisor of each place.
    func keptCount(rows: Int) -> Int { rows * (input.count + input.places) }

    func forward(_ pass: LayerPass) -> Double {
        let channels = input.channels
        let rows = pass.rows * input.places
        let (scale, shift) = (pass.parameters, pass.parameters + channels)
        for row in 0..<rows {
            let (x, u, y) = (pass.input + row * channels, pass.kept + row * channels, pass.output + row * channels)
            var (sum, squares) = (0.0, 0.0)
            for c in 0..<channels { sum += Double(x[c]) }
            let mean = sum / Double(channels)
            for c in 0..<channels { squares += (Double(x[c]) - mean) * (Double(x[c]) - mean) }
            let factor = Float(1 / (squares / Double(channels) + 1e-5).squareRoot())
            let center = Float(mean)
            for c in 0..<channels {
                u[c] = (x[c] - center) * factor
                y[c] = scale[c] * u[c] + shift[c]
            }
            pass.kept[rows * channels + row] = factor
        }
        return 0
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        let channels = input.channels
        let rows = pass.rows * input.places
        let (dscale, dshift) = (slopes.parameters, slopes.parameters + channels)
        dscale.update(repeating: 0, count: 2 * channels)
        for row in 0..<rows {
            let (dy, u) = (slopes.output + row * channels, pass.kept + row * channels)
            for c in 0..<channels {
                dscale[c] += dy[c] * u[c]
                dshift[c] += dy[c]
            }
            guard let dx = slopes.input.map({ $0 + row * channels }) else { continue }
            var (mean, product) = (0.0, 0.0)
            for c in 0..<channels {
                dx[c] = pass.parameters[c] * dy[c]
                mean += Double(dx[c])
                product += Double(dx[c]) * Double(u[c])
            }
            let (center, slope) = (Float(mean / Double(channels)), Float(product / Double(channels)))
            let factor = pass.kept[rows * channels + row]
            for c in 0..<channels { dx[c] = factor * (dx[c] - center - u[c] * slope) }
        }
    }
}
