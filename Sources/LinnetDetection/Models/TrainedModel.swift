// SPDX-License-Identifier: Apache-2.0
//
// A trained model's file is that of its `ModelArtifact` with two things more, which a model version does not have:
//
//     device             in __metadata__: JSON of contract, windows, alarm and calibration, keys sorted
//     device.background  a tensor [windows, inputWidth]: some normal windows, standardized

import FoundationEssentials
import LinnetDomain
import LinnetNN
import LinnetNumerics

/// A model together with the one device that it was trained on: what the lab works with.
///
///     let model = try TrainedModel(parsing: bytes)
///     let scoring = try SampleScoring(model)              // needs nothing but the file
///     let version = model.artifact.encoded()              // what may go to a fleet: nothing of the device is in it
public struct TrainedModel: Sendable, Equatable {
    public var artifact: ModelArtifact
    /// The channels with their units, the sampling interval and the window.
    public var contract: SignalContract
    public var windows: WindowSettings
    /// When windows make an alarm.
    public var alarm: AlarmPolicy
    /// The device's level, and the threshold on its normal scores.
    public var calibration: Calibration
    /// Some of the device's normal windows, standardized, `[windows, inputWidth]`: what attribution compares with.
    public var background: Matrix

    /// Most background windows in a file.
    public static let maximumBackground = 256

    public init(
        artifact: ModelArtifact, contract: SignalContract, windows: WindowSettings, alarm: AlarmPolicy,
        calibration: Calibration, background: Matrix
    ) {
        self.artifact = artifact
        self.contract = contract
        self.windows = windows
        self.alarm = alarm
        self.calibration = calibration
        self.background = background
    }

    /// What is said of the device, in JSON.
    private struct Device: Codable {
        var contract: SignalContract
        var windows: WindowSettings
        var alarm: AlarmPolicy
        var calibration: Calibration
    }

    private static let key = "device"
    private static let tensor = "device.background"

    /// Reads a file that anybody may have written.
    ///
    /// - Throws: ``TrainedModelError``: what is missing, misshapen or out of its range. A model that does not throw can
    ///   score.
    public init(parsing bytes: Data) throws(TrainedModelError) {
        var file: SafetensorsFile
        do throws(SafetensorsError) {
            file = try SafetensorsFile(parsing: bytes, types: [.float32, .float16, .int8])
        } catch {
            throw .model(.file(error))
        }
        guard let text = file.metadata.removeValue(forKey: Self.key) else { throw .isVersion }
        let device: Device
        do { device = try JSONDecoder().decode(Device.self, from: Data(text.utf8)) } catch {
            throw .device("its description is not what Linnet writes")
        }
        guard let index = file.tensors.firstIndex(where: { $0.name == Self.tensor }),
            let values = file.tensors[index].values, file.tensors[index].shape.count == 2
        else { throw .device("its normal windows are missing") }
        let shape = file.tensors.remove(at: index).shape
        do throws(ModelArtifactError) { artifact = try ModelArtifact(parsing: file.encoded()) } catch {
            throw .model(error)
        }
        contract = device.contract
        windows = device.windows
        alarm = device.alarm
        calibration = device.calibration
        guard shape[1] == artifact.architecture.inputWidth, (1...Self.maximumBackground).contains(shape[0]),
            values.allSatisfy(\.isFinite)
        else { throw .device("its normal windows are not finite, or not of the model's width") }
        background = Matrix(rows: shape[0], columns: shape[1], values: values)
        try validate()
    }

    /// Checks that device and model belong together, and that every number of the device is in its range.
    ///
    /// - Throws: ``TrainedModelError``.
    public func validate() throws(TrainedModelError) {
        do throws(ModelArtifactError) { try artifact.validate() } catch { throw .model(error) }
        guard contract.channels.count == artifact.scaler.count, contract.windowLength == artifact.windowLength,
            (1...86_400_000).contains(contract.intervalMilliseconds)
        else { throw .device("its signal contract is not that of the model") }
        guard (1...contract.windowLength).contains(windows.stride),
            (0...1000).contains(windows.missing.maximumHeldSamples),
            (1...86_400_000 * 366).contains(windows.maximumGapMilliseconds)
        else { throw .device("its windows are out of range") }
        guard (1...1_000_000).contains(alarm.raiseAfter), (1...1_000_000).contains(alarm.clearAfter),
            alarm.clearRatio > 0, alarm.clearRatio <= 1
        else { throw .device("its alarm policy is out of range") }
        guard calibration.tail?.isValid != false, calibration.linear?.tail.isValid != false,
            calibration.threshold.isFinite, calibration.weights == nil
        else { throw .device("its calibration is out of range") }
        do throws(DetectionError) { _ = try DeviceDetector(model: artifact, calibration: calibration) } catch {
            throw .detection(error)
        }
    }

    /// The windows of a recording with the model's channels; rows labelled as anomalous are among them.
    public func windows(of recording: Recording) -> [SampleWindow] {
        var windower = windows.makeWindower(contract)
        return recording.samples.compactMap { windower.push($0) }
    }

    /// Writes the file; equal models give equal bytes. The model must pass ``validate()``.
    ///
    /// - Parameter precision: of the weights in the file.
    public func encoded(_ precision: WeightPrecision = .float32) throws(TrainedModelError) -> Data {
        try validate()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let device = Device(contract: contract, windows: windows, alarm: alarm, calibration: calibration)
        var file: SafetensorsFile
        do {
            file = try SafetensorsFile(parsing: artifact.encoded(precision), types: [.float32, .float16, .int8])
            file.metadata[Self.key] = String(decoding: try encoder.encode(device), as: UTF8.self)
        } catch {
            throw .device("it can not be written: \(error)")
        }
        let values = background.withUnsafeBufferPointer(Array.init)
        file.tensors.append(Tensor(name: Self.tensor, shape: [background.rows, background.columns], values: values))
        return file.encoded()
    }
}
