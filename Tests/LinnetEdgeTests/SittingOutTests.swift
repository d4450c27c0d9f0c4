// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetConfiguration
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetNN
import LinnetTestKit
import Testing

@Suite("Sitting rounds out")
struct SittingOutTests {
    private func devices(_ phases: AlarmPhase...) -> [DeviceState] {
        phases.enumerated().map { DeviceState(id: DeviceID(checked: "d-\($0)"), phase: $1) }
    }

    private func maintained(_ numbers: Int...) -> Set<DeviceID> { Set(numbers.map { DeviceID(checked: "d-\($0)") }) }

    @Test("an alarm on half of the devices is no reason, on more than half it is")
    func alarms() {
        func reason(_ phases: [DeviceState]) -> String? {
            SittingOut.reason(devices: phases, underMaintenance: [], at: Fixtures.start)
        }
        #expect(reason(devices(.normal, .pending, .learning)) == nil)
        #expect(reason(devices(.firing, .normal)) == nil)
        #expect(reason(devices(.firing, .firing, .normal)) == "2 of 3 devices are under alarm")
        #expect(reason(devices(.firing)) == "its device is under alarm")
    }

    @Test("an alarm that goes on for more than a day keeps its device out no longer")
    func standing() {
        var device = DeviceState(id: DeviceID(checked: "d-0"), phase: .firing)
        device.alarmSince = Fixtures.start
        func reason(after milliseconds: Int64) -> String? {
            SittingOut.reason(
                devices: [device], underMaintenance: [], at: Fixtures.start.adding(milliseconds: milliseconds))
        }
        #expect(reason(after: SittingOut.longestMilliseconds - 1) == "its device is under alarm")
        #expect(reason(after: SittingOut.longestMilliseconds) == nil)
    }

    @Test("devices under maintenance do not count, and with no other the agent sits out")
    func maintenance() {
        let mixed = devices(.firing, .normal, .firing)
        #expect(SittingOut.reason(devices: mixed, underMaintenance: maintained(0), at: Fixtures.start) == nil)
        #expect(
            SittingOut.reason(devices: mixed, underMaintenance: maintained(1), at: Fixtures.start)
                == "2 of 2 devices are under alarm")
        #expect(
            SittingOut.reason(devices: mixed, underMaintenance: maintained(0, 1, 2), at: Fixtures.start)
                == "all its devices are under maintenance")
        #expect(
            SittingOut.reason(devices: devices(.normal), underMaintenance: maintained(0), at: Fixtures.start)
                == "its device is under maintenance")
    }

    @Test("a device's maintenance is read from the file, and is off unless it is there")
    func configuration() throws {
        let text = """
            agent: press-1
            devices:
              - {id: pump, source: {kind: host}}
              - {id: fan, source: {kind: host}, maintenance: true}
            """
        let configuration = try EdgeConfiguration(try ConfigurationFile(text: text, name: "edge.yaml"))
        #expect(configuration.devices.map(\.isUnderMaintenance) == [false, true])
    }

    @Test("a device under maintenance is watched, and none of its windows is kept", arguments: [false, true])
    func windows(_ isUnderMaintenance: Bool) async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory)
        var configuration = Fixtures.configuration(directory)
        configuration.devices[0].isUnderMaintenance = isUnderMaintenance
        let device = DevicePipeline(
            device: Fixtures.device, configuration: configuration, contract: Fixtures.contract, store: store,
            clock: .system, logger: Fixtures.quiet, makeID: { _ in Fixtures.id(1) }, output: { _ in })

        for index in 0..<400 { try await device.take(Fixtures.sample(index)) }
        try await device.close()

        #expect(await device.state().windows == 100)
        let kept = try await store.windowCounts()[Fixtures.device] ?? 0
        #expect(isUnderMaintenance ? kept == 0 : kept > 80)
    }
}

@Suite("The training thread")
struct TrainingThreadTests {
    @Test("work is told to stop once its seconds are over, and not before")
    func seconds() async throws {
        let thread = TrainingThread(cpuShare: 1)
        let goesOn = try await thread.run(maximumSeconds: 3600) { pause in pause() && pause() }
        let stops = try await thread.run(maximumSeconds: 0) { pause in pause() || pause() }
        let unlimited = try await thread.run { pause in pause() && pause() }

        #expect(goesOn && unlimited && !stops)
    }

    @Test("a training whose seconds are over in its first epoch still answers, with what it has learned until then")
    func budget() async throws {
        let bytes = try Fixtures.trained().model.bytes
        let data = TrainingData([Fixtures.device: Fixtures.windows(300, from: 5000)])
        let manifest = Fixtures.manifest(release: 1, bytes: bytes)
        let offer = RoundOffer(
            cohort: manifest.cohort, round: 3, kind: .training, isOpen: true, base: manifest.model,
            settings: ClientSettings(epochs: 1000, updateEncoding: .full), participants: [Fixtures.agent],
            openedAt: Fixtures.start, deadline: Fixtures.start)
        let learner = RoundLearner(contract: Fixtures.contract, seed: 1)
        let thread = TrainingThread(cpuShare: 1)

        let answer = try await thread.run(maximumSeconds: 0) { pause in
            // Eight batches make an epoch: the seconds are over before the fourth.
            var batches = 0
            return try learner.train(data, offer: offer, base: bytes) {
                batches += 1
                return batches < 4 || pause()
            }
        }

        let (before, after) = (try #require(answer.lossBefore), try #require(answer.lossAfter))
        #expect(after < before)
        #expect(try ModelArtifact(parsing: answer.body).parameters != ModelArtifact(parsing: bytes).parameters)
    }
}
