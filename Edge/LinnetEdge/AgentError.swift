// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// Why an agent can not start, or goes on no longer.
public enum AgentError: Error, Equatable, CustomStringConvertible {
    /// A device's samples can not be read.
    case source(device: DeviceID, reason: String)
    /// Two devices have different channels, units or rates.
    case differentContracts(first: DeviceID, second: DeviceID)
    /// A device's idle condition names a channel that it does not have.
    case idleChannel(device: DeviceID, channel: String, channels: [String])
    /// The configured model can not be made for the devices' windows.
    case model(family: String, length: Int, channels: Int, reason: String)
    /// The agent's database can not be used.
    case store(EdgeStoreError)
    /// The agent's key can not be used.
    case key(KeyError)

    public var description: String {
        switch self {
        case .source(let device, let reason): "device \(device): \(reason)"
        case .differentContracts(let first, let second):
            "devices \(first) and \(second) differ in channels, units or interval; the devices of one agent share one "
                + "model, so let a second agent watch the other kind"
        case .idleChannel(let device, let channel, let channels):
            "device \(device): \"idle.channel\" is \"\(channel)\"; the channels are \(channels.joined(separator: ", "))"
        case .model(let family, let length, let channels, let reason):
            "\"model\" is \(family), which can not read windows of \(length) samples of \(channels) channels: \(reason)"
        case .store(let error): "\(error)"
        case .key(let error): "\(error)"
        }
    }
}
