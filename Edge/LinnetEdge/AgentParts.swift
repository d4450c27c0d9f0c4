// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetMessaging
import Logging

/// What the parts of one agent share.
struct AgentParts: Sendable {
    var configuration: EdgeConfiguration
    var contract: SignalContract
    var topics: TopicScheme
    var store: EdgeStore
    /// `nil` where the agent works alone.
    var bus: (any MessageBus)?
    var downloads: ModelDownloads
    var thread: TrainingThread
    var clock: AgentClock
    /// Initial weights, the order of batches and synthetic faults follow from it.
    var seed: UInt64
    var logger: Logger
    /// What was refused since the agent started.
    let refusals = Refusals()

    /// Why the agent takes part in no round now; `nil` if it does.
    func sitsOut(_ devices: [DevicePipeline]) async -> String? {
        var states: [DeviceState] = []
        for device in devices { states.append(await device.state()) }
        return sitsOut(states)
    }

    /// Why an agent whose devices are in these states takes part in no round; `nil` if it does.
    func sitsOut(_ states: [DeviceState]) -> String? {
        let maintained = configuration.devices.filter(\.isUnderMaintenance).map(\.id)
        return SittingOut.reason(devices: states, underMaintenance: Set(maintained), at: clock.now())
    }

    /// The newest normal windows of every device that has enough of them.
    ///
    /// - Parameter limit: windows of all devices together, shared evenly.
    func trainingData(newest limit: Int, atLeast minimum: Int) async throws(EdgeStoreError) -> TrainingData {
        guard let width = contract.inputWidth else { return TrainingData([:]) }
        var data: [DeviceID: [SampleWindow]] = [:]
        for device in configuration.devices {
            let share = max(minimum, limit / configuration.devices.count)
            let windows = try await store.windows(of: device.id, newest: share, width: width)
            guard windows.count >= minimum else { continue }
            data[device.id] = windows.compactMap { window in
                SampleWindow(
                    start: window.start, end: window.end, length: contract.windowLength,
                    channelCount: contract.channels.count, values: window.values)
            }
        }
        return TrainingData(data)
    }
}
