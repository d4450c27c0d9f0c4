// SPDX-License-Identifier: Apache-2.0
//
//   y: every place of x, factor times in each direction      dx: the sum of dy over the copies

/// Repeats every place, which makes a sequence or grid larger (nearest neighbour).
struct UpsamplingLayer: Layer {
    let input: LayerShape
    let output: LayerShape
    let factor: (height: Int, width: Int)

    init(_ factors: [Int], input: LayerShape, at place: LayerPlace) throws(NetworkError) {
        factor = try place.pair(factors, of: "factors", single: 1, within: 1...place.limits.maximumWidth)
        self.input = input
        output = try place.checked(
            LayerShape(
                height: input.height * factor.height, width: input.width * factor.width, channels: input.channels))
    }

    func forward(_ pass: LayerPass) -> Double {
        forEachCopy(rows: pass.rows) { x, y in
            (pass.output + y).update(from: pass.input + x, count: input.channels)
        }
        return 0
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        guard let dx = slopes.input else { return }
        dx.update(repeating: 0, count: pass.rows * input.count)
        forEachCopy(rows: pass.rows) { x, y in
            for c in 0..<input.channels { dx[x + c] += slopes.output[y + c] }
        }
    }

    /// Calls `body` with the offsets of a place and of one of its copies, in the order of the copies.
    @inline(__always)
    private func forEachCopy(rows: Int, _ body: (_ x: Int, _ y: Int) -> Void) {
        var y = 0
        for row in 0..<rows {
            for i in 0..<output.height {
                let line = i / factor.height * input.width
                for j in 0..<output.width {
                    body(row * input.count + (line + j / factor.width) * input.channels, y)
                    y += output.channels
                }
            }
        }
    }
}
