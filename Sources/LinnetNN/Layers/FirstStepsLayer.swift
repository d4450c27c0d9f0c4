// SPDX-License-Identifier: Apache-2.0
//
//   y: the first steps of x      dx: dy, and zero for the steps that were left out

/// Lets the first steps of a sequence through: what a forecaster may look at.
struct FirstStepsLayer: Layer {
    let input: LayerShape
    let output: LayerShape

    init(_ steps: Int, input: LayerShape, at place: LayerPlace) throws(NetworkError) {
        guard input.height == 1 else {
            throw .shape(place: place.name, found: "\(input)", needed: "a sequence, [steps, channels]")
        }
        try place.check(steps, of: "steps", within: 1...input.width)
        self.input = input
        output = LayerShape(width: steps, channels: input.channels)
    }

    func forward(_ pass: LayerPass) -> Double {
        for row in 0..<pass.rows {
            (pass.output + row * output.count).update(from: pass.input + row * input.count, count: output.count)
        }
        return 0
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        guard let dx = slopes.input else { return }
        for row in 0..<pass.rows {
            let target = dx + row * input.count
            target.update(from: slopes.output + row * output.count, count: output.count)
            (target + output.count).update(repeating: 0, count: input.count - output.count)
        }
    }
}
