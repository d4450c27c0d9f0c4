// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetConfiguration
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetModelConfiguration
import LinnetNN
import LinnetNumerics
import LinnetTestKit
import Logging
import Synchronization

/// What most tests of the agent start from: a machine of three channels that move together.
enum Fixtures {
    static let agent = AgentID(checked: "press-1")
    static let device = DeviceID(checked: "pump")
    static let start = Timestamp(milliseconds: 1_767_225_600_000)
    static let contract = SignalContract(
        channels: [Channel(name: "speed", unit: "rpm"), Channel(name: "current", unit: "A"), Channel(name: "heat")],
        intervalMilliseconds: 1000, windowLength: 4)
    static let quiet: Logger = {
        var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        return logger
    }()

    // MARK: - Samples

    /// Reading number `index` of a healthy machine, or of one whose third channel is far off.
    static func sample(_ index: Int, isFaulty: Bool = false, shiftedBy pause: Int64 = 0) -> Sample {
        var generator = SeededGenerator(seed: UInt64(index) &* 0x9e37_79b9 &+ 1)
        let phase = Double(index) / 7
        // Smooth and a little noisy, all three following one load.
        let load = Float(0.5 * (phase - phase.rounded(.down)) + 0.05 * generator.gaussian())
        let heat = 40 + 4 * load + Float(0.1 * generator.gaussian()) + (isFaulty ? 60 : 0)
        return Sample(
            time: start.adding(milliseconds: Int64(index) * 1000 + pause),
            values: [1500 + 20 * load, 12 + 2 * load + Float(0.02 * generator.gaussian()), heat])
    }

    /// `count` windows of a healthy machine, oldest first.
    static func windows(_ count: Int, from first: Int = 0) -> [SampleWindow] {
        (0..<count).map { window in
            let samples = (0..<4).map { sample(first + window * 4 + $0) }
            return SampleWindow(
                start: samples[0].time, end: samples[3].time, length: 4, channelCount: 3,
                values: samples.flatMap(\.values))!
        }
    }

    static func stored(_ windows: [SampleWindow], of device: DeviceID = device) -> [StoredWindow] {
        windows.map { StoredWindow(device: device, start: $0.start, end: $0.end, values: $0.values) }
    }

    // MARK: - Models

    static func configuration(
        _ directory: TemporaryDirectory, coordinator: CoordinatorConfiguration? = nil,
        learning: LearningConfiguration = LearningConfiguration(
            minimumWindows: 60, storedWindows: 500, epochs: 15, cpuShare: 1),
        model: ModelConfiguration = ModelConfiguration(network: .dense([6, 2]))
    ) -> EdgeConfiguration {
        EdgeConfiguration(
            agent: agent, stateDirectory: directory.path, coordinator: coordinator,
            window: WindowConfiguration(length: 4, stride: 4), model: model,
            detection: DetectionConfiguration(policy: AlarmPolicy(raiseAfter: 3, clearAfter: 4, clearRatio: 0.9)),
            learning: learning, stateEveryMilliseconds: 200,
            devices: [
                DeviceConfiguration(id: device, source: .simulator(.init(seed: 7, intervalMilliseconds: 10)))
            ])
    }

    /// A model trained on a healthy machine, with its calibration there.
    static func trained(provenance: [String: String] = [:]) throws -> (artifact: ModelArtifact, model: StoredModel) {
        let directory = try TemporaryDirectory()
        let learner = LocalLearner(configuration: configuration(directory), contract: contract)
        let result = try learner.learn(TrainingData([device: windows(200)]), from: nil, seed: 3) { true }
        var artifact = result.artifact
        artifact.provenance = provenance
        let bytes = artifact.encoded()
        let version = ModelVersion(number: 0, digest: Digest(of: bytes))
        return (
            artifact, StoredModel(version: version, bytes: bytes, calibrations: result.model.calibrations)
        )
    }

    /// A manifest for a file.
    static func manifest(
        release: Int, number: Int? = nil, bytes: Data, shadowWindows: Int = 5, cohort: CohortID? = nil,
        reverts: Digest? = nil
    ) -> ReleaseManifest {
        let plan = ChunkPlan(of: bytes, chunkBytes: 1024)
        let version = ModelVersion(number: number ?? release, digest: plan.digest)
        return ReleaseManifest(
            cohort: cohort ?? CohortID(of: contract), release: release,
            model: ModelReference(version: version, plan: plan), parent: nil, round: 1, participants: 2,
            shadowWindows: shadowWindows, reverts: reverts, releasedAt: start)
    }

    // MARK: - Events

    static func id(_ number: Int) -> ULID {
        var generator = SeededGenerator(seed: UInt64(number))
        return ULID(at: start.adding(milliseconds: Int64(number)), using: &generator)
    }

    static func event(_ number: Int, revision: Int = 1, device: DeviceID = device) -> AnomalyEvent {
        AnomalyEvent(
            id: id(number), revision: revision, agent: agent, device: device,
            state: revision == 1 ? .firing : .cleared, startedAt: start, endedAt: start.adding(milliseconds: 4000),
            reportedAt: start, score: 9, peakScore: 12, threshold: 2,
            model: ModelVersion(number: 1, digest: Digest(of: Data([1]))),
            contributions: [ChannelContribution(channel: "heat", share: 1, observed: 99, expected: 40)], windows: 3)
    }

    static func store(
        _ directory: TemporaryDirectory, _ limits: EdgeStoreLimits = EdgeStoreLimits(), at time: Timestamp = start
    ) throws -> EdgeStore {
        try EdgeStore.open(directory: directory.path, limits: limits, at: time)
    }
}

/// Two clocks that move together, and only when a test says so.
final class TestClock: Sendable {
    private let wall = ManualClock(at: Fixtures.start)
    private let elapsed = Mutex<Int64>(1_000_000)

    var clock: AgentClock {
        AgentClock(wall: wall.wallClock) { self.elapsed.withLock { $0 } }
    }

    func advance(milliseconds: Int64) {
        wall.advance(milliseconds: milliseconds)
        elapsed.withLock { $0 += milliseconds }
    }
}
