// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Gathers how a released model does on each of an agent's devices after the switch, until it is confirmed.
///
/// As in ``ShadowTrial``, a device that sends nothing has no say.
public struct ProbationWatch: Sendable, Equatable {
    public let digest: Digest
    private var probations: [DeviceID: Probation] = [:]

    public init(_ digest: Digest) { self.digest = digest }

    /// Takes in a device's probation so far.
    ///
    /// - Returns: what was counted, by name, once every device has seen enough.
    public mutating func add(_ probation: Probation, of device: DeviceID) -> [String: Double]? {
        probations[device] = probation
        guard probations.values.allSatisfy(\.isOver) else { return nil }
        return probations.values.reduce(into: [:]) { sum, probation in
            sum.merge(probation.evidence) { $0 + $1 }
        }
    }
}
