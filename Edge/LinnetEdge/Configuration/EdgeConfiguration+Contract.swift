// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetModelConfiguration
import LinnetNN

extension EdgeConfiguration {
    /// What the devices' windows are made of, once their sources have been opened.
    ///
    /// - Throws: ``AgentError`` for a source that can not be read, devices that differ, or a model that can not be made for
    ///   such windows.
    public func contract(by sources: SourceFactory) throws(AgentError) -> SignalContract {
        let contract = try sources.contract(of: devices, windowLength: window.length)
        do throws(NetworkError) {
            _ = try Network(
                model.network.architecture(length: contract.windowLength, channels: contract.channels.count))
        } catch {
            throw .model(
                family: model.network.family.rawValue, length: contract.windowLength,
                channels: contract.channels.count, reason: "\(error)")
        }
        return contract
    }
}
