// SPDX-License-Identifier: Apache-2.0

import CAllocationCounter
import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetNN
import LinnetNumerics
import Testing

@Suite("A device's two detectors")
struct DeviceDetectorTests {
    static let families: [(name: String, architecture: NetworkArchitecture)] = [
        ("dense", .denseAutoencoder(inputWidth: 80, hidden: [24, 8])),
        ("convolutional", .convolutionalAutoencoder(length: 8, channels: 10, filters: [8, 4], kernel: 3)),
        ("LSTM", .recurrentAutoencoder(length: 8, channels: 10, units: 12)),
        ("variational", .variationalAutoencoder(inputWidth: 80, hidden: [24], latent: 6)),
        ("forecaster", .forecaster(length: 8, channels: 10, units: 12)),
    ]

    /// A machine's windows, and what has learned the first 200 of them.
    private func learned(
        _ architecture: NetworkArchitecture, epochs: Int = 6, settings: CalibrationSettings = CalibrationSettings()
    ) async throws -> (model: ModelArtifact, calibration: Calibration, windows: [SampleWindow], Chain) {
        let machine = MachineSettings(seed: 9, intervalMilliseconds: 50, timeScale: 20, epoch: Chain.epoch)
        var source = try MachineSimulator(settings: machine, pacer: .immediate)
        var chain = Chain(source: source)
        let windows = try await chain.windows(300, from: &source)
        let normal = Array(windows[..<200])
        var model = try LocalModel.untrained(
            devices: [normal], architecture: { _, _ in architecture }, falseAlarmsPerDay: 1, seed: 7)
        var trainer = Trainer(network: try Network(architecture), settings: TrainingSettings(epochs: epochs))
        let level = DeviceLevel.fit(normal, cohort: model.scaler)
        _ = try trainer.fit(&model.parameters, inputs: WindowStandardizer(level).matrix(normal))
        // What is sent over the wire is what is scored with.
        model = try ModelArtifact(parsing: model.encoded())
        let calibration = try Calibration.fit(
            model: model, windows: normal, windowsPerDay: 1000, settings: settings)
        return (model, calibration, windows, chain)
    }

    @Test("a model of any family is trained, sent, calibrated and finds a broken sensor", arguments: families.indices)
    func anyFamily(_ index: Int) async throws {
        let (model, calibration, windows, chain) = try await learned(
            Self.families[index].architecture, settings: CalibrationSettings(usesLinearReference: false))
        let detector = try DeviceDetector(model: model, calibration: calibration)
        var generator = SeededGenerator(seed: 2)
        let quiet = try windows[200...].count { try detector.judge($0).score <= calibration.threshold }
        #expect(quiet >= 90, "quiet on \(quiet) of 100")
        let faulty = try #require(
            SyntheticFault.drift.drawn(
                over: windows[250], channel: 2, center: calibration.level.center[2],
                scale: calibration.level.scale[2], using: &generator))
        let judgement = try detector.judge(faulty)
        #expect(judgement.score > calibration.threshold && judgement.detector == .model)
        let contributions = try detector.contributions(faulty, channels: chain.contract.channels)
        #expect(contributions.first?.channel == chain.contract.channels[2].name)
        #expect(abs(contributions.reduce(0) { $0 + $1.share } - 1) < 1e-9)
    }

    @Test("a classifier has no score, and says so")
    func classifier() throws {
        var architecture = NetworkArchitecture.denseAutoencoder(inputWidth: 4, hidden: [2])
        architecture.family = ModelFamily.classifier.rawValue
        let model = ModelArtifact(
            architecture: architecture,
            parameters: ParameterVector(repeating: 0, count: architecture.parameterCount),
            scaler: ChannelScaler(means: [0, 0], standardDeviations: [1, 1]), windowLength: 2, falseAlarmsPerDay: 1)
        let level = DeviceLevel(center: [0, 0], scale: [1, 1])
        let calibration = Calibration(level: level, threshold: 1, windows: 1, expectedFalseAlarmsPerDay: 1)
        #expect(throws: DetectionError.self) { try DeviceDetector(model: model, calibration: calibration) }
    }

    @Test("a blind model does not blind the device: its linear reference raises the alarm and names the channel")
    func reference() async throws {
        var (model, _, windows, chain) = try await learned(Self.families[0].architecture, epochs: 1)
        // Nothing comes out of it, whatever goes in, so all windows are as odd.
        model.parameters = ParameterVector(repeating: 0, count: model.parameters.count)
        let calibration = try Calibration.fit(
            model: model, windows: Array(windows[..<200]), windowsPerDay: 1000, settings: CalibrationSettings())
        let detector = try DeviceDetector(model: model, calibration: calibration)
        var faulty = windows[250].values
        for position in stride(from: 3, to: faulty.count, by: 10) { faulty[position] += 6 * calibration.level.scale[3] }
        let window = try #require(
            SampleWindow(start: Chain.epoch, end: Chain.epoch, length: 8, channelCount: 10, values: faulty))

        let judgement = try detector.judge(window)

        #expect(judgement.detector == .linear && judgement.score > calibration.threshold)
        let first = try #require(try detector.contributions(window, channels: chain.contract.channels).first)
        #expect(first.channel == chain.contract.channels[3].name)
        #expect(first.observed > first.expected)
    }

    @Test("wide windows are averaged over time, and with more channels than that there is no reference")
    func wide() throws {
        var generator = SeededGenerator(seed: 3)
        func windows(_ count: Int, _ width: Int) -> Matrix {
            Matrix(
                rows: count, columns: width, values: (0..<count * width).map { _ in Float(generator.gaussian()) })
        }
        #expect(try LinearReference(fitting: windows(300, 64 * 20), length: 64) != nil)
        #expect(try LinearReference(fitting: windows(30, 513), length: 1) == nil)
        #expect(try LinearReference(fitting: windows(10, 64), length: 8) != nil)
        #expect(try LinearReference(fitting: windows(2, 64), length: 8) == nil)
    }

    @Test("a calibration is stored and read back as it was, and judges the same, bit for bit")
    func stored() async throws {
        let (model, calibration, windows, _) = try await learned(Self.families[0].architecture, epochs: 2)
        let again = try JSONRoundTrip.of(calibration)
        #expect(again == calibration && again.linear != nil)
        let (left, right) = (
            try DeviceDetector(model: model, calibration: calibration),
            try DeviceDetector(model: model, calibration: again)
        )
        for window in windows[200...] { #expect(try left.judge(window) == (try right.judge(window))) }
    }

    @Test("errors are set against a window's strength where it is asked for, and a strength that is none is refused")
    func relative() async throws {
        var settings = CalibrationSettings(usesLinearReference: false)
        settings.errors = .relative
        let (model, calibration, windows, _) = try await learned(
            Self.families[0].architecture, epochs: 2, settings: settings)
        let strength = try #require(calibration.relative)
        var absolute = calibration
        absolute.relative = nil
        let (detector, plain) = (
            try ReconstructionDetector(model: model, calibration: calibration),
            try ReconstructionDetector(model: model, calibration: absolute)
        )
        let matrix = WindowStandardizer(calibration.level).matrix(windows)
        for (row, window) in windows.enumerated() {
            let error = try plain.score(window)
            let expected = matrix.row(row).withUnsafeBufferPointer { strength.score(error, of: $0) }
            #expect(try detector.score(window) == expected)
        }
        let again = try JSONRoundTrip.of(calibration)
        #expect(again == calibration)

        let text = #"{"energy": -1}"#
        absolute.relative = try JSONDecoder().decode(RelativeError.self, from: Data(text.utf8))
        #expect(throws: DetectionError.self) { try ReconstructionDetector(model: model, calibration: absolute) }
    }

    @Test("a reference of other windows is refused")
    func foreign() async throws {
        let learned = try await learned(Self.families[0].architecture, epochs: 1)
        var calibration = learned.calibration
        let other = Matrix(rows: 60, columns: 8, values: (0..<480).map { Float($0 % 7) })
        let reference = try #require(try LinearReference(fitting: other, length: 2))
        calibration.linear?.reference = reference
        #expect(throws: DetectionError.self) {
            try DeviceDetector(model: learned.model, calibration: calibration)
        }
    }

    @Test("judging a window allocates nothing, whatever the family", arguments: families.indices)
    func allocations(_ index: Int) async throws {
        BLAS.useOneThread()
        let (model, calibration, windows, _) = try await learned(Self.families[index].architecture, epochs: 1)
        let detector = try DeviceDetector(model: model, calibration: calibration)
        _ = try detector.judge(windows[0])
        let before = linnet_allocation_count()
        for window in windows { _ = try detector.judge(window) }
        #expect(linnet_allocation_count() - before == 0)
    }
}

@Suite("Training data that is not all clean")
struct TrimmedWindowsTests {
    private static let unit = ChannelScaler(
        center: [Float](repeating: 0, count: 10), scale: [Float](repeating: 1, count: 10))

    @Test("the windows of a fault among normal ones are those that go, and the others keep their order")
    func trims() async throws {
        let machine = MachineSettings(seed: 9, intervalMilliseconds: 50, timeScale: 20, epoch: Chain.epoch)
        var source = try MachineSimulator(settings: machine, pacer: .immediate)
        var chain = Chain(source: source)
        var windows = try await chain.windows(200, from: &source)
        let level = DeviceLevel.fit(windows, cohort: Self.unit)
        var generator = SeededGenerator(seed: 6)
        for number in 80..<90 {
            windows[number] = try #require(
                SyntheticFault.drift.drawn(
                    over: windows[number], channel: 2, center: level.center[2], scale: level.scale[2],
                    using: &generator))
        }

        let kept = try TrimmedWindows.kept(of: windows, without: 0.1, cohort: Self.unit)

        #expect(kept.count == 180)
        #expect(!kept.contains { windows[80..<90].contains($0) })
        #expect(kept == windows.filter(kept.contains))
        let all = try TrimmedWindows.kept(of: windows, without: 0, cohort: Self.unit)
        #expect(all == windows)
    }
}
