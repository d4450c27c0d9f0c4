// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetMessaging
import Logging

extension EdgeAgent {
    /// The key that the agent signs its updates with, made at first use.
    public static func key(in stateDirectory: String) throws(AgentError) -> SigningKey {
        do { return try KeyFile.loadOrCreate(at: stateDirectory + "/agent.key") } catch { throw .key(error) }
    }

    static func feeds(
        _ configuration: EdgeConfiguration, _ readings: [DeviceID: any MessageBus], clock: WallClock, logger: Logger
    ) -> [DeviceID: MessageFeed] {
        var feeds: [DeviceID: MessageFeed] = [:]
        for device in configuration.devices {
            guard case .mqtt(let messages) = device.source, let bus = readings[device.id] else { continue }
            var logger = logger
            logger[metadataKey: "device"] = "\(device.id)"
            let feed = MessageFeed(fields: messages.fields, clock: clock, logger: logger)
            feed.attach(to: bus)
            feeds[device.id] = feed
        }
        return feeds
    }

    static func openStore(
        _ configuration: EdgeConfiguration, clock: AgentClock, logger: Logger
    ) throws(AgentError) -> EdgeStore {
        let limits = EdgeStoreLimits(
            maximumEvents: configuration.maximumEvents, storedWindows: configuration.learning.storedWindows)
        let store: EdgeStore
        do {
            store = try EdgeStore.open(directory: configuration.stateDirectory, limits: limits, at: clock.now())
        } catch {
            throw .store(error)
        }
        if let aside = store.quarantined {
            logger.error(
                "the database was corrupt: it is moved aside, and a new one begun", metadata: ["moved": "\(aside)"])
        }
        return store
    }

    @Sendable static func makeID(at time: Timestamp) -> ULID {
        var generator = SystemRandomNumberGenerator()
        return ULID(at: time, using: &generator)
    }

    /// FNV-1a of the name: two agents begin from different weights, and each from the same ones every time.
    static func seed(of agent: AgentID) -> UInt64 {
        agent.rawValue.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0100_0000_01b3 }
    }
}
