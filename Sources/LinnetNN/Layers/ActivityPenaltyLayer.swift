// SPDX-License-Identifier: Apache-2.0
//
//   y = x      loss + l1/B sum |x|      dx = dy + l1/B sign(x), B rows

/// Adds the size of the values that go through to the loss, which makes most of them zero (sparse autoencoders).
///
/// As the `ActivityRegularization` of Keras: a sum over the values of a row, a mean over rows.
struct ActivityPenaltyLayer: Layer {
    let input: LayerShape
    private let l1: Float
    var output: LayerShape { input }

    init(l1: Float, input: LayerShape, at place: LayerPlace) throws(NetworkError) {
        try place.check(l1, of: "l1", within: 0...1000)
        self.l1 = l1
        self.input = input
    }

    func forward(_ pass: LayerPass) -> Double {
        let count = pass.rows * input.count
        pass.output.update(from: pass.input, count: count)
        var sum = 0.0
        for i in 0..<count { sum += Double(abs(pass.input[i])) }
        return Double(l1) * sum / Double(pass.rows)
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        guard let dx = slopes.input else { return }
        // In use nothing is added to what is judged.
        let pull = pass.isTraining ? l1 / Float(pass.rows) : 0
        for i in 0..<pass.rows * input.count {
            let x = pass.input[i]
            dx[i] = slopes.output[i] + (x > 0 ? pull : (x < 0 ? -pull : 0))
        }
    }
}
