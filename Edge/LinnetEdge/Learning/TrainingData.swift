// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNumerics

/// Normal windows of each device, oldest first: what is handed to the training thread.
public struct TrainingData: Sendable, Equatable {
    /// By device, in the order of their names.
    public let devices: [(id: DeviceID, windows: [SampleWindow])]

    public static func == (left: TrainingData, right: TrainingData) -> Bool {
        left.devices.elementsEqual(right.devices) { $0 == $1 }
    }

    public init(_ windows: [DeviceID: [SampleWindow]]) {
        devices = windows.sorted { $0.key < $1.key }.map { (id: $0.key, windows: $0.value) }
    }

    /// Windows of all devices.
    public var count: Int { devices.reduce(0) { $0 + $1.windows.count } }

    /// Without the windows of each device that are least like its others; see `TrimmedWindows`.
    public func trimmed(_ share: Double, scaler: ChannelScaler) throws(DetectionError) -> TrainingData {
        var kept: [DeviceID: [SampleWindow]] = [:]
        for (id, windows) in devices {
            kept[id] = try TrimmedWindows.kept(of: windows, without: share, cohort: scaler)
        }
        return TrainingData(kept)
    }

    /// ``rows(scaler:heldOutShare:)``, together with what they were made by.
    public func standardized(scaler: ChannelScaler, heldOutShare: Double) -> StandardizedRows {
        StandardizedRows(scaler: scaler, matrix: rows(scaler: scaler, heldOutShare: heldOutShare), windows: count)
    }

    /// What a network is trained on: each device's windows, standardized by that device's own level, by the code that
    /// scoring uses.
    ///
    /// The newest windows of *every* device come last, because a trainer holds out the last rows: held out from one device
    /// alone, they would say nothing of the others.
    ///
    /// - Parameters:
    ///   - scaler: the model's.
    ///   - heldOutShare: the share of rows the trainer will hold out.
    /// - Returns: `[windows, inputWidth]`.
    public func rows(scaler: ChannelScaler, heldOutShare: Double) -> Matrix {
        var heads: [Float] = []
        var tails: [Float] = []
        var width = 0
        var count = 0
        for (_, windows) in devices where windows.first?.channelCount == scaler.count {
            let standardizer = WindowStandardizer(DeviceLevel.fit(windows, cohort: scaler))
            let own = standardizer.matrix(windows)
            guard width == 0 || own.columns == width else { continue }
            width = own.columns
            count += own.rows
            let split = own.rows - Int(Double(own.rows) * heldOutShare)
            own.withUnsafeBufferPointer { values in
                heads.append(contentsOf: values[..<(split * width)])
                tails.append(contentsOf: values[(split * width)...])
            }
        }
        return Matrix(rows: count, columns: width, values: heads + tails)
    }
}
