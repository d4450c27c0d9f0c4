// SPDX-License-Identifier: Apache-2.0

/// The shape of one row between two layers: channels side by side at every place of a grid.
///
/// Values lie channels last, `[height, width, channels]`. A sequence of samples is a grid of height 1 whose width is
/// time; a plain row of features is a single place with many channels. A window of samples is such a sequence already:
/// giving it a shape moves nothing.
struct LayerShape: Sendable, Hashable, CustomStringConvertible {
    var height: Int
    var width: Int
    var channels: Int

    init(height: Int = 1, width: Int = 1, channels: Int) {
        self.height = height
        self.width = width
        self.channels = channels
    }

    /// The number of places.
    var places: Int { height * width }
    /// The number of values.
    var count: Int { height * width * channels }

    /// As few dimensions as tell it: `[channels]`, `[width, channels]` or `[height, width, channels]`.
    var description: String {
        if height > 1 { return "\(height) x \(width) x \(channels)" }
        return width > 1 ? "\(width) x \(channels)" : "\(channels)"
    }
}
