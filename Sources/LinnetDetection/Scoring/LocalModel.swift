// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNN
import LinnetNumerics

/// Makes a model from one agent's own windows: what an agent does that has no coordinator, or not yet.
public enum LocalModel {
    /// An untrained model for these windows: scale from their own spread, weights drawn from a seed.
    ///
    /// - Parameters:
    ///   - devices: normal windows of each device of the agent, oldest first.
    ///   - architecture: what the network is, given the length of a window and the number of channels.
    ///   - falseAlarmsPerDay: the threshold policy.
    /// - Throws: ``DetectionError`` without windows, or for a network that can not be.
    public static func untrained(
        devices: [[SampleWindow]], architecture: (_ length: Int, _ channels: Int) -> NetworkArchitecture,
        falseAlarmsPerDay: Double, seed: UInt64
    ) throws(DetectionError) -> ModelArtifact {
        guard let window = devices.first(where: { !$0.isEmpty })?.first else {
            throw .tooFewWindows(found: 0, needed: 1)
        }
        var moments = [ChannelMoments](repeating: ChannelMoments(), count: window.channelCount)
        for windows in devices where windows.first?.channelCount == window.channelCount {
            let own = DeviceLevel.moments(of: windows, around: DeviceLevel.center(of: windows))
            for channel in moments.indices { moments[channel].merge(own[channel]) }
        }
        let architecture = architecture(window.length, window.channelCount)
        let network: Network
        do throws(NetworkError) { network = try Network(architecture) } catch { throw .model("\(error)") }
        let model = ModelArtifact(
            architecture: architecture, parameters: network.initialParameters(seed: seed),
            scaler: ChannelScaler(
                means: moments.map(\.mean), standardDeviations: moments.map(\.standardDeviation)),
            windowLength: window.length, falseAlarmsPerDay: falseAlarmsPerDay, provenance: ["version": "0"])
        do throws(ModelArtifactError) { try model.validate() } catch { throw .model("\(error)") }
        return model
    }
}
