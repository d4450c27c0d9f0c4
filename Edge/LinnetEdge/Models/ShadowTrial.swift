// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// Gathers how a candidate does on each of an agent's devices, and judges when all have seen enough.
///
/// A device that sends nothing has no say: it could hold back a release for ever. But somebody must have seen enough, so no
/// data at all is no verdict.
public struct ShadowTrial: Sendable, Equatable {
    public let digest: Digest
    private var comparisons: [DeviceID: ShadowComparison] = [:]

    public init(_ digest: Digest) { self.digest = digest }

    /// Takes in a device's comparison so far.
    ///
    /// - Returns: the verdict, once there is one.
    public mutating func add(_ comparison: ShadowComparison, of device: DeviceID) -> ModelVerdict? {
        comparisons[device] = comparison
        for (device, comparison) in comparisons.sorted(by: { $0.key < $1.key }) {
            switch comparison.verdict {
            case .failed(let reason):
                return ModelVerdict(passes: false, reason: "device \(device): \(reason)", evidence: evidence)
            case .inconclusive: return nil
            case .passed: continue
            }
        }
        let windows = comparisons.values.reduce(0) { $0 + $1.windows }
        return ModelVerdict(
            passes: true, reason: "as quiet as the active model on \(windows) live windows", evidence: evidence)
    }

    private var evidence: [String: Double] {
        func sum(_ value: (ShadowComparison) -> Int) -> Double {
            Double(comparisons.values.reduce(0) { $0 + value($1) })
        }
        // Quantiles do not add up: those of the device whose errors have grown most speak for all.
        let worst = comparisons.sorted { $0.key < $1.key }.max { Self.growth($0.value) < Self.growth($1.value) }
        let counts = [
            "shadow.windows": sum(\.windows), "shadow.candidateAnomalous": sum(\.candidateAnomalous),
            "shadow.activeAnomalous": sum(\.activeAnomalous),
        ]
        return counts.merging(worst?.value.evidence ?? [:]) { count, _ in count }
    }

    private static func growth(_ comparison: ShadowComparison) -> Double {
        guard let now = comparison.candidateErrors.median, let before = comparison.activeErrors.median else { return 0 }
        return now / max(before, .leastNormalMagnitude)
    }
}
