// SPDX-License-Identifier: Apache-2.0

import LinnetDetection

/// Why a benchmark can not be run.
public enum BenchmarkError: Error, Equatable, CustomStringConvertible {
    /// There is no such folder, or nothing of the set in it.
    case noData(folder: String, expected: String)
    /// A file of the set can not be used.
    case file(path: String, reason: String)
    /// A recording can not be read; the reason names the place.
    case recording(DetectionError)
    /// A detector can not learn from a series.
    case detector(series: String, reason: DetectionError)

    public var description: String {
        switch self {
        case .noData(let folder, let expected): "\(folder): no data of this set; expected \(expected)"
        case .file(let path, let reason): "\(path): \(reason)"
        case .recording(let reason): "\(reason)"
        case .detector(let series, let reason): "series \(series): \(reason)"
        }
    }
}
