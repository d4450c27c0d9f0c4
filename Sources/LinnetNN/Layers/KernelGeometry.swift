// SPDX-License-Identifier: Apache-2.0
//
// Legend: a grid [height, width, C], channels last; N positions of a kernel of K places.  patches [N, K C]
// Position (i, j) of the kernel looks at places (i s - p + a d, j s - p + b d) for its own places (a, b); outside there
// is zero. (Chellapilla, Puri and Simard 2006: a convolution is the product of its patches and its weights.)

/// Which places of a grid each position of a kernel looks at.
///
/// A convolution gathers patches from its input, its transpose scatters patches over its output: each is the other's
/// backward.
struct KernelGeometry: Sendable {
    /// One direction of the grid.
    struct Axis: Sendable {
        let kernel: Int
        let stride: Int
        let padding: Int
        let dilation: Int

        /// - Returns: the positions of the kernel over `size` places; 0 or less if it does not fit.
        func positions(over size: Int) -> Int {
            let room = size + 2 * padding - dilation * (kernel - 1) - 1
            return room < 0 ? 0 : room / stride + 1
        }

        /// - Returns: the places that `positions` of the kernel cover, before any that are added at the end.
        func places(under positions: Int) -> Int {
            (positions - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1
        }
    }

    let grid: LayerShape
    let vertical: Axis
    let horizontal: Axis
    /// The positions of the kernel in each direction.
    let rows: Int
    let columns: Int

    /// N.
    var positions: Int { rows * columns }
    /// `K C`.
    var patchCount: Int { vertical.kernel * horizontal.kernel * grid.channels }

    /// Writes the patches of every grid of a batch, one row for each position.
    func gather(_ grids: UnsafePointer<Float>, into patches: UnsafeMutablePointer<Float>, batch: Int) {
        var patch = patches
        forEachRun(batch: batch) { grid, offset, length in
            if let offset {
                patch.update(from: grids + grid + offset, count: length)
            } else {
                patch.update(repeating: 0, count: length)
            }
            patch += length
        }
    }

    /// Writes into every grid of a batch the sums of the patches that look at each place.
    func scatter(_ patches: UnsafePointer<Float>, into grids: UnsafeMutablePointer<Float>, batch: Int) {
        grids.update(repeating: 0, count: batch * grid.count)
        var patch = patches
        forEachRun(batch: batch) { grid, offset, length in
            if let offset {
                let target = grids + grid + offset
                for i in 0..<length { target[i] += patch[i] }
            }
            patch += length
        }
    }

    /// Calls `body` for each run of values that lie side by side both in a patch and in the grid, in the patches' order.
    ///
    /// - Parameter body: the grid's offset in the batch, the run's in the grid or `nil` outside of it, and its length.
    @inline(__always)
    private func forEachRun(batch: Int, _ body: (_ grid: Int, _ offset: Int?, _ length: Int) -> Void) {
        let channels = grid.channels
        let rowLength = horizontal.kernel * channels
        for row in 0..<batch {
            let start = row * grid.count
            for i in 0..<rows {
                for j in 0..<columns {
                    let x = j * horizontal.stride - horizontal.padding
                    for a in 0..<vertical.kernel {
                        let y = i * vertical.stride - vertical.padding + a * vertical.dilation
                        guard y >= 0, y < grid.height else {
                            body(start, nil, rowLength)
                            continue
                        }
                        let line = y * grid.width
                        if horizontal.dilation > 1 {
                            for b in 0..<horizontal.kernel {
                                let place = x + b * horizontal.dilation
                                let isInside = place >= 0 && place < grid.width
                                body(start, isInside ? (line + place) * channels : nil, channels)
                            }
                            continue
                        }
                        let before = min(max(0, -x), horizontal.kernel)
                        let after = min(max(0, x + horizontal.kernel - grid.width), horizontal.kernel - before)
                        if before > 0 { body(start, nil, before * channels) }
                        let inside = horizontal.kernel - before - after
                        if inside > 0 { body(start, (line + x + before) * channels, inside * channels) }
                        if after > 0 { body(start, nil, after * channels) }
                    }
                }
            }
        }
    }
}

extension KernelGeometry {
    /// Reads both directions from a description.
    ///
    /// - Throws: the first number that is out of its range.
    static func axes(
        _ description: ConvolutionDescription, at place: LayerPlace
    ) throws(NetworkError) -> (vertical: Axis, horizontal: Axis) {
        let sizes = 1...place.limits.maximumWidth
        let kernel = try place.pair(description.kernel, of: "kernel", single: 1, within: sizes)
        let stride = try place.pair(description.stride, of: "stride", single: 1, within: sizes)
        let padding = try place.pair(description.padding, of: "padding", single: 0, within: 0...sizes.upperBound)
        let dilation = try place.pair(description.dilation, of: "dilation", single: 1, within: sizes)
        try place.check(width: kernel.height * kernel.width, of: "kernel")
        return (
            Axis(kernel: kernel.height, stride: stride.height, padding: padding.height, dilation: dilation.height),
            Axis(kernel: kernel.width, stride: stride.width, padding: padding.width, dilation: dilation.width)
        )
    }
}
