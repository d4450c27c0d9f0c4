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
    ///   - scaling: what the scale of a channel is made of.
    ///   - falseAlarmsPerDay: the threshold policy.
    /// - Throws: ``DetectionError`` without windows, or for a network that can not be.
    public static func untrained(
        devices: [[SampleWindow]],
        architecture: (_ length: Int, _ channels: Int) throws(NetworkError) -> NetworkArchitecture,
        scaling: ScalingRule = .standard, falseAlarmsPerDay: Double, seed: UInt64
    ) throws(DetectionError) -> ModelArtifact {
        guard let window = devices.first(where: { !$0.isEmpty })?.first else {
            throw .tooFewWindows(found: 0, needed: 1)
        }
        let network: Network
        do throws(NetworkError) {
            network = try Network(try architecture(window.length, window.channelCount))
        } catch {
            throw .model("\(error)")
        }
        let model = ModelArtifact(
            architecture: network.architecture, parameters: network.initialParameters(seed: seed),
            scaler: scaler(of: devices, channels: window.channelCount, by: scaling),
            windowLength: window.length, falseAlarmsPerDay: falseAlarmsPerDay, provenance: ["version": "0"])
        do throws(ModelArtifactError) { try model.validate() } catch { throw .model("\(error)") }
        return model
    }

    /// The scaler of several devices, each taken around its own level.
    private static func scaler(of devices: [[SampleWindow]], channels: Int, by rule: ScalingRule) -> ChannelScaler {
        var moments = [ChannelMoments](repeating: ChannelMoments(), count: channels)
        var sketches = [[(QuantileSketch, Double)]](repeating: [], count: channels)
        for windows in devices where windows.first?.channelCount == channels {
            let center = DeviceLevel.center(of: windows)
            let own = DeviceLevel.moments(of: windows, around: center)
            for channel in moments.indices { moments[channel].merge(own[channel]) }
            guard rule == .robust else { continue }
            for (channel, sketch) in DeviceLevel.sketches(of: windows, around: center).enumerated() {
                sketches[channel].append((sketch, 1))
            }
        }
        switch rule {
        case .standard:
            return ChannelScaler(
                means: moments.map(\.mean), standardDeviations: moments.map(\.standardDeviation))
        case .minMax:
            return ChannelScaler(
                means: moments.map(\.middle), standardDeviations: moments.map(\.halfRange), rule: rule)
        case .robust:
            let all = sketches.map(QuantileSketch.merged)
            let spreads = zip(all, moments).map { sketch, moments in
                let deviation = sketch.quartileDeviation ?? 0
                return deviation > 0 ? deviation : moments.standardDeviation
            }
            return ChannelScaler(
                means: all.map { $0.quantile(0.5) ?? 0 }, standardDeviations: spreads, rule: rule)
        }
    }
}
