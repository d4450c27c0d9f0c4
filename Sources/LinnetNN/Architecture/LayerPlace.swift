// SPDX-License-Identifier: Apache-2.0

/// Where a layer stands in an architecture that is being checked, and how large it may be.
///
/// Every number of a foreign description goes through `check` before anything is calculated with it, so that no product
/// of two of them overflows.
struct LayerPlace {
    /// Counted from the input on.
    let index: Int
    let limits: NetworkLimits
    /// The list of descriptions that it stands in.
    var list = "layers"

    /// The description's name in messages and, with the tensor's, in slots.
    var name: String { "\(list).\(index)" }

    /// Throws unless `1 <= value <= limits.maximumWidth`; named as widths are.
    func check(width value: Int, of field: String) throws(NetworkError) {
        guard (1...limits.maximumWidth).contains(value) else {
            throw .width(place: "\(name).\(field)", found: value, maximum: limits.maximumWidth)
        }
    }

    func check(_ value: Int, of field: String, within range: ClosedRange<Int>) throws(NetworkError) {
        guard range.contains(value) else { throw setting(field, "\(value)", within: range) }
    }

    /// NaN is out of every range.
    func check(_ value: Float, of field: String, within range: ClosedRange<Float>) throws(NetworkError) {
        guard range.contains(value) else { throw setting(field, "\(value)", within: range) }
    }

    /// - Returns: one or two numbers as height and width; a single one is of the width, and of height `single`.
    func pair(
        _ values: [Int], of field: String, single: Int, within range: ClosedRange<Int>
    ) throws(NetworkError) -> (height: Int, width: Int) {
        guard values.count == 1 || values.count == 2 else {
            throw .setting(place: "\(name).\(field)", found: "\(values.count) numbers", allowed: "one number or two")
        }
        for value in values { try check(value, of: field, within: range) }
        return values.count == 1 ? (single, values[0]) : (values[0], values[1])
    }

    /// - Returns: the shape, which is a layer's output, once it is small enough to be calculated with.
    func checked(_ shape: LayerShape) throws(NetworkError) -> LayerShape {
        // Each factor is at most maximumWidth, 2^24 at the most, so a product of two is exact.
        for size in [shape.height, shape.width, shape.channels, shape.places] {
            guard (1...limits.maximumWidth).contains(size) else {
                throw .shape(place: name, found: "an output of \(shape)", needed: "1 to \(limits.maximumWidth) values")
            }
        }
        guard shape.count <= limits.maximumWidth else {
            throw .shape(place: name, found: "an output of \(shape)", needed: "1 to \(limits.maximumWidth) values")
        }
        return shape
    }

    private func setting<Value>(_ field: String, _ found: String, within range: ClosedRange<Value>) -> NetworkError {
        .setting(
            place: "\(name).\(field)", found: found, allowed: "between \(range.lowerBound) and \(range.upperBound)")
    }
}
