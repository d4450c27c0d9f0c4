// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// How far a number over a set of files would swing, had the set held other files of its kind (Efron 1979; the percentile
/// interval of Efron and Tibshirani 1993, section 13.3).
public struct Bootstrap: Sendable, Hashable, Codable {
    public let low: Double
    public let high: Double

    /// Draws as many files with replacement as there are, `draws` times, and takes the 2.5 and 97.5 percentiles.
    ///
    /// - Parameters:
    ///   - files: what one file adds, at least one.
    ///   - statistic: the number for a drawn set; a draw for which it is `nil` is left out.
    ///   - seed: the same seed draws the same sets.
    /// - Returns: `nil` if no draw has a number.
    public init?<File>(
        _ files: [File], draws: Int = 1000, seed: UInt64, statistic: ([File]) -> Double?
    ) {
        precondition(!files.isEmpty && draws >= 1, "a bootstrap needs files and draws")
        var generator = SeededGenerator(seed: seed)
        var values: [Double] = []
        for _ in 0..<draws {
            let drawn = files.map { _ in files[Int(generator.uniform() * Double(files.count))] }
            if let value = statistic(drawn), value.isFinite { values.append(value) }
        }
        guard !values.isEmpty else { return nil }
        values.sort()
        low = values[Int(0.025 * Double(values.count - 1))]
        high = values[Int((0.975 * Double(values.count - 1)).rounded(.up))]
    }
}
