// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetDomain
import LinnetEdge
import LinnetMQTT
import LinnetMessaging
import Logging
import ServiceLifecycle

/// The connections by which an agent's devices get what their machines publish: one to each broker that is named.
///
/// Apart from the one to the coordinator, even where the broker is the same: that one's session outlives the connection, and
/// readings of hours would wait in it, in front of what the coordinator says.
struct ReadingConnections {
    /// Which connection a device reads by; none for devices of other kinds.
    private(set) var buses: [DeviceID: any MessageBus] = [:]
    private(set) var services: [any Service] = []

    /// - Throws: `ConfigurationProblems` for a password that can not be read.
    init(_ configuration: EdgeConfiguration, logger: Logger) throws {
        var opened: [(broker: BrokerConfiguration, bus: MosquittoBus)] = []
        for device in configuration.devices {
            guard case .mqtt(let messages) = device.source,
                var broker = messages.broker ?? configuration.coordinator?.broker
            else { continue }
            broker.sessionExpirySeconds = 0
            if let known = opened.first(where: { $0.broker == broker }) {
                buses[device.id] = known.bus
                continue
            }
            let number = opened.isEmpty ? "" : "-\(opened.count + 1)"
            let bus = MosquittoBus(
                settings: try BrokerSettings(broker), clientID: "\(configuration.agent)-readings\(number)", will: nil,
                logger: logger)
            opened.append((broker, bus))
            buses[device.id] = bus
            services.append(bus)
        }
    }
}
