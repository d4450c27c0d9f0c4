// SPDX-License-Identifier: Apache-2.0
//
// Legend: B rows times places, C channels.  x, y, u [B,C]  g, b, m, v [C]
//   training: m, v mean and variance of each column of x; in use: the running ones
//   u = (x - m) / sqrt(v + 1e-5)      y = g u + b          (Ioffe and Szegedy 2015, algorithm 1)
//   dg = column sums of dy u   db = column sums of dy   dx = g / sqrt(v + 1e-5) (dy - db/B - u dg/B)
//   running m = 0.9 running m + 0.1 m; likewise v, of which the unbiased form is taken

/// Brings every channel to zero mean and unit variance over the batch, then to a scale and shift that are learned.
///
/// The running mean and variance are parameters like any other, so that they are stored, sent and averaged with the
/// rest; their gradient is zero, and `updateStatistics` moves them. Constants are PyTorch's; Keras keeps 0.99 of the
/// running values, and takes 1e-3 under the root.
struct BatchNormalizationLayer: Layer {
    let input: LayerShape
    var output: LayerShape { input }
    private static let momentum: Float = 0.1

    var tensors: [LayerTensor] {
        [("weight", LayerTensor.Start.ones), ("bias", .zeros), ("runningMean", .zeros), ("runningVariance", .ones)].map
        {
            LayerTensor(name: $0.0, shape: [input.channels], start: $0.1)
        }
    }

    /// u, the divisor of each channel, and the next running mean and variance.
    func keptCount(rows: Int) -> Int { rows * input.count + 3 * input.channels }

    func forward(_ pass: LayerPass) -> Double {
        let channels = input.channels
        let rows = pass.rows * input.places
        let (scale, shift) = (pass.parameters, pass.parameters + channels)
        let (running, runningVariance) = (pass.parameters + 2 * channels, pass.parameters + 3 * channels)
        let divisor = pass.kept + rows * channels
        let (nextMean, nextVariance) = (divisor + channels, divisor + 2 * channels)
        for c in 0..<channels {
            var (mean, variance) = (Double(running[c]), Double(runningVariance[c]))
            if pass.isTraining {
                (mean, variance) = moments(pass.input + c, rows: rows)
                nextMean[c] = running[c] + Self.momentum * (Float(mean) - running[c])
                let unbiased = Float(variance * Double(rows) / Double(max(1, rows - 1)))
                nextVariance[c] = runningVariance[c] + Self.momentum * (unbiased - runningVariance[c])
            }
            // A variance that came from outside may be negative, and must not make NaN of a model that was checked.
            let factor = Float(1 / (max(0, variance) + 1e-5).squareRoot())
            divisor[c] = factor
            let center = Float(mean)
            for row in 0..<rows {
                let u = (pass.input[row * channels + c] - center) * factor
                pass.kept[row * channels + c] = u
                pass.output[row * channels + c] = scale[c] * u + shift[c]
            }
        }
        return 0
    }

    private func moments(_ x: UnsafePointer<Float>, rows: Int) -> (mean: Double, variance: Double) {
        var (sum, squares) = (0.0, 0.0)
        for row in 0..<rows { sum += Double(x[row * input.channels]) }
        let mean = sum / Double(rows)
        for row in 0..<rows {
            let distance = Double(x[row * input.channels]) - mean
            squares += distance * distance
        }
        return (mean, squares / Double(rows))
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        let channels = input.channels
        let rows = pass.rows * input.places
        let divisor = pass.kept + rows * channels
        slopes.parameters.update(repeating: 0, count: 4 * channels)
        for c in 0..<channels {
            var (dscale, dshift) = (0.0, 0.0)
            for row in 0..<rows {
                let dy = Double(slopes.output[row * channels + c])
                dscale += dy * Double(pass.kept[row * channels + c])
                dshift += dy
            }
            slopes.parameters[c] = Float(dscale)
            slopes.parameters[channels + c] = Float(dshift)
            guard let dx = slopes.input else { continue }
            let factor = pass.parameters[c] * divisor[c]
            guard pass.isTraining else {
                // The running moments do not follow the input.
                for row in 0..<rows { dx[row * channels + c] = factor * slopes.output[row * channels + c] }
                continue
            }
            let (slope, center) = (Float(dscale / Double(rows)), Float(dshift / Double(rows)))
            for row in 0..<rows {
                let i = row * channels + c
                dx[i] = factor * (slopes.output[i] - center - pass.kept[i] * slope)
            }
        }
    }

    var hasStatistics: Bool { true }

    func updateStatistics(_ pass: LayerPass, parameters: UnsafeMutablePointer<Float>) {
        let channels = input.channels
        let next = pass.kept + pass.rows * input.count + channels
        (parameters + 2 * channels).update(from: next, count: 2 * channels)
    }
}
