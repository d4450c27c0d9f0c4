// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetMessaging

/// Whom an agent listens to, and by which broker: the `coordinator` and `broker` sections, which come together.
public struct CoordinatorConfiguration: Sendable, Equatable {
    /// The pinned key: round offers and releases that are not signed by it are refused.
    public var publicKey: VerifyingKey
    public var broker: BrokerConfiguration

    public init(publicKey: VerifyingKey, broker: BrokerConfiguration) {
        self.publicKey = publicKey
        self.broker = broker
    }

    /// Reads both sections of a file; `nil` if it has neither, or what is there is wrong and was noted.
    static func read(from root: ConfigurationSection) -> CoordinatorConfiguration? {
        let coordinator = root.optionalSection("coordinator")
        let broker = root.optionalSection("broker")
        switch (coordinator, broker) {
        case (nil, nil): return nil
        case (nil, _):
            root.problem("coordinator", "is missing; with \"broker\" it must give \"publicKey\"")
        case (_, nil):
            root.problem("broker", "is missing; with \"coordinator\" it must say how to reach the broker")
        default: break
        }
        let key = coordinator.flatMap(Self.publicKey)
        let settings = broker.map(BrokerConfiguration.init(reading:))
        guard let key, let settings else { return nil }
        return CoordinatorConfiguration(publicKey: key, broker: settings)
    }

    private static func publicKey(_ section: ConfigurationSection) -> VerifyingKey? {
        let text = section.string("publicKey")
        guard section.has("publicKey"), !text.isEmpty else { return nil }
        do {
            return try VerifyingKey(hex: text)
        } catch {
            section.problem(
                "publicKey", "is no key: \(error); ask the coordinator for it with `linnet-coordinator identity`")
            return nil
        }
    }
}
