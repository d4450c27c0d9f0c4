// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNN
import LinnetNumerics

/// What is in a model's file, for people and as JSON.
struct ModelDocument: Encodable {
    /// One tensor of the network.
    struct Tensor: Encodable {
        var name: String
        var shape: [Int]
    }

    /// What a trained model has besides, which a version has not.
    struct Device: Encodable {
        var contract: SignalContract
        var windows: WindowSettings
        var alarm: AlarmPolicy
        var threshold: Double
        var calibratedWindows: Int
        var expectedFalseAlarmsPerDay: Double
        var backgroundWindows: Int
    }

    var family: String
    var bytes: Int
    var parameters: Int
    var architecture: NetworkArchitecture
    var tensors: [Tensor]
    var windowLength: Int
    var channels: Int
    var falseAlarmsPerDay: Double
    var provenance: [String: String]
    var device: Device?

    init(_ artifact: ModelArtifact, bytes: Int) {
        family = artifact.architecture.family
        self.bytes = bytes
        parameters = artifact.parameters.count
        architecture = artifact.architecture
        // A parsed model's architecture has been checked; should it not build, there is no tensor to be told.
        tensors = (try? Network(artifact.architecture))?.slots.map { Tensor(name: $0.name, shape: $0.shape) } ?? []
        windowLength = artifact.windowLength
        channels = artifact.scaler.count
        falseAlarmsPerDay = artifact.falseAlarmsPerDay
        provenance = artifact.provenance
    }

    init(_ model: TrainedModel, bytes: Int) {
        self.init(model.artifact, bytes: bytes)
        device = Device(
            contract: model.contract, windows: model.windows, alarm: model.alarm,
            threshold: model.calibration.threshold, calibratedWindows: model.calibration.windows,
            expectedFalseAlarmsPerDay: model.calibration.expectedFalseAlarmsPerDay,
            backgroundWindows: model.background.rows)
    }

    func lines() -> [String] {
        var lines = [
            "\(family): \(HumanText.plural(parameters, "parameter")), \(HumanText.bytes(bytes))",
            "windows of \(HumanText.plural(windowLength, "sample")) of \(HumanText.plural(channels, "channel")), "
                + "\(HumanText.number(falseAlarmsPerDay)) false alarms a day aimed at",
        ]
        if let device {
            let names = device.contract.channels.map { $0.unit.isEmpty ? $0.name : "\($0.name) [\($0.unit)]" }
            lines.append("every \(device.contract.intervalMilliseconds) ms: \(names.joined(separator: ", "))")
            lines.append(
                "threshold \(HumanText.number(device.threshold)) from "
                    + "\(HumanText.plural(device.calibratedWindows, "window")); alarm after \(device.alarm.raiseAfter) "
                    + "in a row, over after \(device.alarm.clearAfter)")
        } else {
            lines.append("a model version: it is calibrated by each device that runs it")
        }
        var table = Table("TENSOR", .right("SHAPE"))
        for tensor in tensors {
            table.add(cells: [
                Table.Cell(tensor.name), Table.Cell(tensor.shape.map(String.init).joined(separator: " x ")),
            ])
        }
        lines += [""] + table.lines(on: .standardOutput())
        if !provenance.isEmpty { lines.append("") }
        for (key, text) in provenance.sorted(by: { $0.key < $1.key }) { lines.append("\(key): \(text)") }
        return lines
    }
}
