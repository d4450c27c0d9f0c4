// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// A device's linear reference, and how surprising its scores are.
public struct CalibratedReference: Sendable, Codable, Hashable {
    public var reference: LinearReference
    public var tail: TailCalibration

    /// Fits the reference on some windows, and what judges its scores on others.
    ///
    /// - Parameters:
    ///   - windows: normal, standardized, `[windows, length * channels]`.
    ///   - others: held back, `[windows, length * channels]`.
    ///   - surprises: raised to the reference's own where those are higher, one for each of the others.
    /// - Returns: `nil` where there are too few windows for a reference.
    /// - Throws: ``DetectionError`` if the windows are not finite.
    init?(
        fitting windows: Matrix, calibratingOn others: Matrix, length: Int, surprises: inout [Double]
    ) throws(DetectionError) {
        guard let reference = try LinearReference(fitting: windows, length: length) else { return nil }
        let scorer = LinearReference.Scorer(reference)
        let scores = (0..<others.rows).map { others.row($0).withUnsafeBufferPointer(scorer.score) }
        tail = try TailCalibration(fitting: scores)
        self.reference = reference
        for (number, score) in scores.enumerated() { surprises[number] = max(surprises[number], tail.surprise(score)) }
    }
}
