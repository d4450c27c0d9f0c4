// SPDX-License-Identifier: Apache-2.0
//
//   maximum:  y = the largest x in the frame      dx = dy at the first place that held it
//   average:  y = the mean of x in the frame      dx = dy / places at every place of the frame

/// Makes one place of every frame of places, channel by channel.
struct PoolingLayer: Layer {
    let input: LayerShape
    let output: LayerShape
    let method: PoolingDescription.Method
    let size: (height: Int, width: Int)
    let stride: (height: Int, width: Int)

    init(_ description: PoolingDescription, input: LayerShape, at place: LayerPlace) throws(NetworkError) {
        let sizes = 1...place.limits.maximumWidth
        size = try place.pair(description.size, of: "size", single: 1, within: sizes)
        stride = try place.pair(description.stride, of: "stride", single: 1, within: sizes)
        method = description.method
        self.input = input
        guard size.height <= input.height, size.width <= input.width else {
            throw .shape(place: place.name, found: "\(input)", needed: "as many places as a frame has")
        }
        output = LayerShape(
            height: (input.height - size.height) / stride.height + 1,
            width: (input.width - size.width) / stride.width + 1, channels: input.channels)
    }

    func forward(_ pass: LayerPass) -> Double {
        let share = 1 / Float(size.height * size.width)
        forEachFrame(rows: pass.rows) { x, y in
            let (from, to) = (pass.input, pass.output + y)
            to.update(from: from + x, count: input.channels)
            forEachPlace { offset in
                guard offset > 0 else { return }
                let value = from + x + offset
                switch method {
                // Written so that NaN wins, and stays.
                case .maximum: for c in 0..<input.channels where !(value[c] <= to[c]) { to[c] = value[c] }
                case .average: for c in 0..<input.channels { to[c] += value[c] }
                }
            }
            if method == .average { for c in 0..<input.channels { to[c] *= share } }
        }
        return 0
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        guard let dx = slopes.input else { return }
        dx.update(repeating: 0, count: pass.rows * input.count)
        let share = 1 / Float(size.height * size.width)
        forEachFrame(rows: pass.rows) { x, y in
            let dy = slopes.output + y
            switch method {
            case .average:
                forEachPlace { offset in
                    let target = dx + x + offset
                    for c in 0..<input.channels { target[c] += share * dy[c] }
                }
            case .maximum:
                forEachPlace { offset in
                    let (from, target) = (pass.input + x + offset, dx + x + offset)
                    for c in 0..<input.channels where from[c] == pass.output[y + c] {
                        target[c] += dy[c]
                        // Given away: another place with the same value gets nothing.
                        dy[c] = 0
                    }
                }
            }
        }
    }

    /// Calls `body` with the offsets of the first value of each frame and of what is made of it.
    @inline(__always)
    private func forEachFrame(rows: Int, _ body: (_ x: Int, _ y: Int) -> Void) {
        var y = 0
        for row in 0..<rows {
            for i in 0..<output.height {
                for j in 0..<output.width {
                    let place = i * stride.height * input.width + j * stride.width
                    body(row * input.count + place * input.channels, y)
                    y += output.channels
                }
            }
        }
    }

    /// Calls `body` with the offset of each place of a frame, counted from its first.
    @inline(__always)
    private func forEachPlace(_ body: (_ offset: Int) -> Void) {
        for a in 0..<size.height {
            for b in 0..<size.width { body((a * input.width + b) * input.channels) }
        }
    }
}
