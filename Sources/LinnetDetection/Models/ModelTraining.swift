// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNN
import LinnetNumerics

/// Trains a model of any family on recordings of one device, and calibrates it on other rows of the same recordings.
///
///     let outcome = try ModelTraining(model: ModelDescription(.usad), length: 16, …).train([recording])
///     try outcome.model.encoded().write(to: file)
///
/// Of every recording the older part of the normal rows trains the weights and sets the level; the newer part, of which
/// no window shares a row with the older, sets the threshold. Fitted and calibrated on the same rows, a window model
/// would find most new windows anomalous.
public struct ModelTraining: Sendable {
    public var model: ModelDescription
    /// What the scale of a channel is made of.
    public var scaling: ScalingRule
    /// Samples of a window.
    public var length: Int
    /// Samples from one window to the next.
    public var stride: Int
    /// The longest pause within a window in milliseconds; `nil` for three sampling intervals.
    public var maximumGapMilliseconds: Int?
    public var missing: MissingValuePolicy
    /// Seed, epochs, batches, optimizer and loss; the share that says when to stop is taken of the older part.
    public var settings: TrainingSettings
    public var falseAlarmsPerDay: Double
    /// How the threshold is found, when windows make an alarm, and whether the linear reference runs beside the model.
    public var calibration: CalibrationSettings

    public init(
        model: ModelDescription, scaling: ScalingRule = .standard, length: Int, stride: Int,
        maximumGapMilliseconds: Int? = nil,
        missing: MissingValuePolicy = .hold(3), settings: TrainingSettings = TrainingSettings(),
        falseAlarmsPerDay: Double = 1, calibration: CalibrationSettings = CalibrationSettings()
    ) {
        self.model = model
        self.scaling = scaling
        self.length = length
        self.stride = stride
        self.maximumGapMilliseconds = maximumGapMilliseconds
        self.missing = missing
        self.settings = settings
        self.falseAlarmsPerDay = falseAlarmsPerDay
        self.calibration = calibration
    }

    /// What came of a training.
    public struct Outcome: Sendable {
        public var model: TrainedModel
        public var report: TrainingReport
        /// Windows that weights and level were fitted on, and those that the threshold was.
        public var fittedWindows: Int
        public var calibratedWindows: Int
    }

    /// What to go on from.
    public struct Start: Sendable {
        public var artifact: ModelArtifact
        /// Parts that stay as they are: `encoder`, `decoder`, `companion`, or layers such as `layers.0`.
        public var frozen: [String]

        public init(artifact: ModelArtifact, frozen: [String] = []) {
            self.artifact = artifact
            self.frozen = frozen
        }
    }

    /// The older share of each recording's windows.
    static let fitShare = 0.6
    static let backgroundWindows = 32

    /// Trains and calibrates; runs on the calling thread for as long as it takes.
    ///
    /// - Parameters:
    ///   - recordings: of one device, or of devices so alike that they are taken for one; rows labelled as anomalous are
    ///     left out.
    ///   - start: a model to go on from; `nil` starts anew.
    ///   - pause: called after each batch; `false` ends the training, and the best weights so far are kept.
    /// - Throws: ``DetectionError`` for recordings that do not go together, too few windows, a network that can not be, or
    ///   a training that diverges.
    public func train(
        _ recordings: [Recording], from start: Start? = nil, pause: () -> Bool = { true }
    ) throws(DetectionError) -> Outcome {
        let contract = try contract(of: recordings)
        let settings = WindowSettings(
            stride: stride, maximumGapMilliseconds: maximumGapMilliseconds ?? 3 * contract.intervalMilliseconds,
            missing: missing)
        let parts = Self.parts(recordings, contract, settings)
        guard parts.fitted.count >= Calibration.minimumWindows / 2, parts.held.count >= QuantileThreshold.minimumScores
        else {
            throw .tooFewWindows(found: parts.fitted.count + parts.held.count, needed: Calibration.minimumWindows)
        }
        var artifact: ModelArtifact
        if let start { artifact = start.artifact } else { artifact = try untrained(parts.fitted) }
        try Self.check(artifact, fits: contract)
        artifact.falseAlarmsPerDay = falseAlarmsPerDay
        let level = DeviceLevel.fit(parts.fitted, cohort: artifact.scaler)
        let rows = WindowStandardizer(level).matrix(parts.fitted)
        let report = try fit(&artifact, rows, isNew: start == nil, frozen: start?.frozen ?? [], pause: pause)
        artifact.provenance = [
            "version": "0", "trainedBy": "linnet train", "seed": "\(self.settings.seed)",
            "windows": "\(parts.fitted.count)",
        ]
        artifact.provenance[SignalContract.provenanceKey] = contract.provenanceText
        let calibrated = try Calibration.fit(
            model: artifact, fitting: parts.fitted, calibratingOn: parts.held,
            windowsPerDay: settings.windowsPerDay(contract), settings: calibration)
        let model = TrainedModel(
            artifact: artifact, contract: contract, windows: settings, alarm: calibration.policy,
            calibration: calibrated,
            background: Self.background(rows))
        do throws(TrainedModelError) { try model.validate() } catch { throw .model("\(error)") }
        return Outcome(
            model: model, report: report, fittedWindows: parts.fitted.count, calibratedWindows: parts.held.count)
    }

    // MARK: - Windows

    /// What the recordings are of: their channels, their interval, and this training's windows.
    ///
    /// - Throws: ``DetectionError`` if they do not go together.
    public func contract(of recordings: [Recording]) throws(DetectionError) -> SignalContract {
        guard let first = recordings.first else { throw .source("there is no recording to learn from") }
        for recording in recordings where recording.channels != first.channels {
            throw .source(
                "the recordings have different channels: \(recording.channels.map(\.name).joined(separator: ", ")); "
                    + "the first has \(first.channels.map(\.name).joined(separator: ", "))")
        }
        guard let perDay = first.samplesPerDay, let interval = Int(exactly: (86_400_000 / perDay).rounded()) else {
            throw .source("the times of the recording do not grow, so nothing is known of its sampling interval")
        }
        return SignalContract(
            channels: first.channels, intervalMilliseconds: max(1, interval), windowLength: length)
    }

    /// The older and the newer windows of all recordings; within each, the newest of every recording come last.
    private static func parts(
        _ recordings: [Recording], _ contract: SignalContract, _ settings: WindowSettings
    ) -> (fitted: [SampleWindow], held: [SampleWindow]) {
        // A window that begins within the older part is no part of the newer.
        let overlap = (contract.windowLength + settings.stride - 1) / settings.stride
        var (heads, tails, held) = ([SampleWindow](), [SampleWindow](), [SampleWindow]())
        for recording in recordings {
            let windows = windows(of: recording, contract, settings)
            let split = Int(Double(windows.count) * fitShare)
            // A trainer judges by its last rows: held out from one recording alone, they would say nothing of the others.
            let middle = Int(Double(split) * (1 - stoppingShare))
            heads += windows[..<middle]
            tails += windows[middle..<split]
            held += windows.dropFirst(split + overlap)
        }
        return (heads + tails, held)
    }

    /// Share of the older windows that say when to stop.
    private static let stoppingShare = 0.2

    /// The windows of a recording's normal rows.
    static func windows(
        of recording: Recording, _ contract: SignalContract, _ settings: WindowSettings
    ) -> [SampleWindow] {
        var windower = settings.makeWindower(contract)
        var windows: [SampleWindow] = []
        var isSkipping = false
        for (row, sample) in recording.samples.enumerated() {
            guard !recording.labels[row] else {
                isSkipping = true
                continue
            }
            var sample = sample
            sample.followsGap = sample.followsGap || isSkipping
            isSkipping = false
            if let window = windower.push(sample) { windows.append(window) }
        }
        return windows
    }

    /// Some of the rows, evenly spaced.
    private static func background(_ rows: Matrix) -> Matrix {
        let count = min(rows.rows, backgroundWindows)
        var background = Matrix(rows: 0, columns: rows.columns)
        for i in 0..<count { background.appendRow(rows.row(i * rows.rows / count)) }
        return background
    }

    // MARK: - Weights

    private func untrained(_ windows: [SampleWindow]) throws(DetectionError) -> ModelArtifact {
        try LocalModel.untrained(
            devices: [windows], architecture: model.architecture, scaling: scaling,
            falseAlarmsPerDay: falseAlarmsPerDay, seed: settings.seed)
    }

    private static func check(_ artifact: ModelArtifact, fits contract: SignalContract) throws(DetectionError) {
        guard artifact.scaler.count == contract.channels.count, artifact.windowLength == contract.windowLength else {
            throw .wrongShape(
                channels: contract.channels.count, length: contract.windowLength, modelChannels: artifact.scaler.count,
                modelLength: artifact.windowLength)
        }
    }

    private func fit(
        _ artifact: inout ModelArtifact, _ rows: Matrix, isNew: Bool, frozen: [String], pause: () -> Bool
    ) throws(DetectionError) -> TrainingReport {
        var settings = settings
        settings.validationShare = Self.stoppingShare
        let network: Network
        do throws(NetworkError) { network = try Network(artifact.architecture) } catch { throw .model("\(error)") }
        var ranges: [Range<Int>] = []
        for part in frozen { ranges += try Self.ranges(named: part, of: network) }
        do throws(TrainingError) {
            if isNew {
                artifact.parameters = try network.initialParameters(
                    seed: settings.seed, learningFrom: rows, pretrainingEpochs: model.pretrainingEpochs ?? 10)
            }
            var trainer = Trainer(network: network, settings: settings)
            return try trainer.fit(&artifact.parameters, inputs: rows, frozen: ranges, pause: pause)
        } catch {
            throw .model("\(error)")
        }
    }

    private static func ranges(named part: String, of network: Network) throws(DetectionError) -> [Range<Int>] {
        guard let ranges = network.parameterRanges(of: part) else {
            throw .model(
                "there is no layer \"\(part)\" to be frozen; there are encoder, decoder, "
                    + network.layerNames.joined(separator: ", "))
        }
        return ranges
    }
}
