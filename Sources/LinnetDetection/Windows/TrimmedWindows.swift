// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Leaves out of a device's windows those that are least like the others: what was gathered as normal never is all of it,
/// and a model that is shown a fault learns it (trimmed likelihood; Rousseeuw and Van Driessen 1999, one concentration step).
///
/// A first linear model of all of them says which. It is for learning alone: a threshold fitted on what is left would be too
/// low.
public enum TrimmedWindows {
    /// The largest share that may go.
    public static let mostShare = 0.5

    /// - Parameters:
    ///   - windows: of one device, oldest first.
    ///   - share: of the windows that go, 0 to ``mostShare``.
    ///   - cohort: the model's scaler.
    /// - Returns: the others, in the same order; all where there are too few to tell.
    /// - Throws: ``DetectionError`` if the windows are not finite.
    public static func kept(
        of windows: [SampleWindow], without share: Double, cohort: ChannelScaler
    ) throws(DetectionError) -> [SampleWindow] {
        guard share > 0, let first = windows.first, first.channelCount == cohort.count else { return windows }
        let rows = WindowStandardizer(DeviceLevel.fit(windows, cohort: cohort)).matrix(windows)
        guard let reference = try LinearReference(fitting: rows, length: first.length) else { return windows }
        let scorer = LinearReference.Scorer(reference)
        let scores = (0..<rows.rows).map { rows.row($0).withUnsafeBufferPointer(scorer.score) }
        let level = QuantileThreshold.quantile(1 - min(share, mostShare), of: scores.sorted())
        return zip(windows, scores).filter { $1 <= level }.map(\.0)
    }
}
