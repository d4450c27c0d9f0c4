// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Updates of which some keep a part of their way from the base only: what clipping makes of a round's updates.
///
/// `w + s_k (w_k - w)` for a scale `s_k` from 0, no change at all, to 1, the update as it came. They are shortened as they
/// are read, so clipping takes no memory of its own.
struct ScaledUpdates: UpdateSource {
    let source: any UpdateSource
    let base: ParameterVector
    /// How much of its way each update keeps, `[n]`.
    let scales: [Double]

    /// Updates of which none is longer than `bound`.
    ///
    /// - Parameter norms: the length of each, `[n]`.
    init(_ source: any UpdateSource, base: ParameterVector, norms: [Double], bound: Double) {
        self.init(source, base: base, scales: norms.map { $0 > bound ? bound / $0 : 1 })
    }

    init(_ source: any UpdateSource, base: ParameterVector, scales: [Double]) {
        self.source = source
        self.base = base
        self.scales = scales
    }

    /// How long an update may be: `factor` median lengths, of an even number the lower of the middle two, so that of two
    /// agents the calmer one sets the measure.
    static func bound(_ norms: [Double], factor: Double) -> Double {
        factor * norms.sorted()[(norms.count - 1) / 2]
    }

    var contributors: [Contributor] { source.contributors }
    var columnsAtOnce: Int { source.columnsAtOnce }

    func readEach(
        _ body: (_ row: Int, _ parameters: ParameterVector) throws(AggregationError) -> Void
    ) throws(AggregationError) {
        try source.readEach { (row, parameters) throws(AggregationError) in
            guard scales[row] < 1 else { return try body(row, parameters) }
            guard parameters.count == base.count else {
                throw .wrongShape(agent: contributors[row].agent, found: parameters.count, expected: base.count)
            }
            var shortened = parameters
            shortened.withUnsafeMutableBufferPointer { values in
                if let values = values.baseAddress { shorten(values, 0..<base.count, by: scales[row]) }
            }
            try body(row, shortened)
        }
    }

    func load(_ columns: Range<Int>, of row: Int, into target: UnsafeMutablePointer<Float>) throws(AggregationError) {
        try source.load(columns, of: row, into: target)
        if scales[row] < 1 { shorten(target, columns, by: scales[row]) }
    }

    private func shorten(_ values: UnsafeMutablePointer<Float>, _ columns: Range<Int>, by scale: Double) {
        base.withUnsafeBufferPointer { base in
            guard let base = base.baseAddress else { return }
            let origin = base + columns.lowerBound
            for i in 0..<columns.count {
                values[i] = Float(Double(origin[i]) + (Double(values[i]) - Double(origin[i])) * scale)
            }
        }
    }
}
