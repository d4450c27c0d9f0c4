// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// Opens the source of a device as its configuration says.
public struct SourceFactory: Sendable {
    private let clock: WallClock
    private let pacer: Pacer
    /// Whether recordings keep the times they were made at.
    private let keepsRecordedTimes: Bool
    /// Where the readings of devices arrive that are published over MQTT.
    var feeds: [DeviceID: MessageFeed] = [:]

    /// Sources that run by the clock.
    public static func live(_ clock: WallClock) -> SourceFactory {
        SourceFactory(clock: clock, pacer: .realTime(clock), keepsRecordedTimes: false)
    }

    /// Sources that run as fast as they can, and recordings with their own times.
    public static func offline(_ clock: WallClock) -> SourceFactory {
        SourceFactory(clock: clock, pacer: .immediate, keepsRecordedTimes: true)
    }

    /// Opens a device's source.
    ///
    /// - Throws: `DetectionError` saying what is wrong with the file or a fault.
    public func open(_ device: DeviceConfiguration) throws(DetectionError) -> any DataSource {
        try prepared(try read(device), device.preparation)
    }

    private func read(_ device: DeviceConfiguration) throws(DetectionError) -> any DataSource {
        switch device.source {
        case .simulator(let simulator):
            let settings = MachineSettings(
                seed: simulator.seed, intervalMilliseconds: simulator.intervalMilliseconds,
                timeScale: simulator.timeScale, epoch: simulator.epoch ?? clock.now())
            let machine = try MachineSimulator(
                settings: settings, faults: device.faults.filter(\.kind.isPhysical), pacer: pacer)
            return try overlay(machine, device.faults.filter { !$0.kind.isPhysical })
        case .csv(var settings):
            if settings.time == .original, !keepsRecordedTimes { settings.time = .replayed(startingAt: clock.now()) }
            let recording = try CSVReplay(settings: settings, pacer: pacer)
            return try overlay(recording, device.faults)
        case .follow(let settings, let intervalMilliseconds):
            if keepsRecordedTimes { return try overlay(CSVReplay(settings: settings, pacer: pacer), device.faults) }
            let rows = try CSVFollower(settings: settings, intervalMilliseconds: intervalMilliseconds, clock: clock)
            return try overlay(rows, device.faults)
        case .mqtt(let messages):
            return try overlay(MessageSource(messages, feed: feeds[device.id]), device.faults)
        case .host(let intervalMilliseconds, let ignoredChannels):
            let host = try HostMetrics(
                intervalMilliseconds: intervalMilliseconds, ignoredChannels: ignoredChannels, clock: clock, pacer: pacer
            )
            return try overlay(host, device.faults)
        }
    }

    private func prepared(
        _ source: some DataSource, _ preparation: PreparationConfiguration
    ) throws(DetectionError) -> any DataSource {
        guard !preparation.isNone else { return source }
        return try PreparedSource(
            source, settings: preparation.channels, maximumGapMilliseconds: preparation.maximumGapMilliseconds,
            clockMilliseconds: preparation.clockMilliseconds,
            longestAgeMilliseconds: preparation.longestAgeMilliseconds)
    }

    private func overlay(_ source: some DataSource, _ faults: [Fault]) throws(DetectionError) -> any DataSource {
        faults.isEmpty ? source : try FaultOverlay(source, faults: faults)
    }

    /// The signal contract that all devices of an agent share.
    ///
    /// - Throws: ``AgentError`` if a source can not be opened, two devices have different contracts, or an idle condition
    ///   names a channel that is not there.
    public func contract(of devices: [DeviceConfiguration], windowLength: Int) throws(AgentError) -> SignalContract {
        var shared: (device: DeviceID, contract: SignalContract)?
        for device in devices {
            let source: any DataSource
            do { source = try open(device) } catch { throw .source(device: device.id, reason: "\(error)") }
            let contract = SignalContract(
                channels: source.channels, intervalMilliseconds: source.intervalMilliseconds,
                windowLength: windowLength)
            guard let width = contract.inputWidth, width <= 65_536 else {
                throw .source(
                    device: device.id,
                    reason: "\(contract.channels.count) channels in windows of \(windowLength) are too many; "
                        + "a window may hold 65536 numbers")
            }
            if let idle = device.idle, IdleWatch(idle, channels: contract.channels) == nil {
                throw .idleChannel(
                    device: device.id, channel: idle.channel, channels: contract.channels.map(\.name))
            }
            if let shared, shared.contract != contract {
                throw .differentContracts(first: shared.device, second: device.id)
            }
            shared = shared ?? (device.id, contract)
        }
        guard let shared else { throw .source(device: DeviceID(checked: "none"), reason: "there is no device") }
        return shared.contract
    }
}
