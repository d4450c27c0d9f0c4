// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetDetection
import LinnetDomain

/// One watched machine: an item of the `devices` list.
public struct DeviceConfiguration: Sendable, Equatable {
    public var id: DeviceID
    public var source: SourceConfiguration
    /// Faults laid into the source, for demonstrations and tests.
    public var faults: [Fault]
    /// Whether the machine is being worked on: it is watched, but not learned from.
    public var isUnderMaintenance: Bool
    /// How its readings tell that it stands still; absent where nobody has said.
    public var idle: IdleConfiguration?
    /// What is done to its readings; the same for all devices, for they share one signal contract.
    public var preparation = PreparationConfiguration()

    public init(
        id: DeviceID, source: SourceConfiguration, faults: [Fault] = [], isUnderMaintenance: Bool = false,
        idle: IdleConfiguration? = nil
    ) {
        self.id = id
        self.source = source
        self.faults = faults
        self.isUnderMaintenance = isUnderMaintenance
        self.idle = idle
    }

    /// Reads an item of the list; `nil` if it has no name, which is noted there like all that is wrong.
    init?(reading section: ConfigurationSection) {
        let id: DeviceID? = EdgeConfiguration.identifier(section, "id")
        let source = SourceConfiguration(reading: section.section("source"))
        let faults = section.sections("faults").compactMap { Self.fault(reading: $0, source: source) }
        let isUnderMaintenance = section.boolean("maintenance", default: false)
        let idle = IdleConfiguration(reading: section)
        guard let id else { return nil }
        self.init(id: id, source: source, faults: faults, isUnderMaintenance: isUnderMaintenance, idle: idle)
    }

    private static func fault(reading section: ConfigurationSection, source: SourceConfiguration) -> Fault? {
        let name = section.string("kind", allowed: FaultKind.allCases.map(\.rawValue))
        let duration = section.duration("duration", in: .milliseconds(1) ... .seconds(365 * 86_400))
        let fault = FaultKind(rawValue: name).map { kind in
            Fault(
                kind: kind, startsAt: SourceConfiguration.time(section, "at") ?? Timestamp(milliseconds: 0),
                durationMilliseconds: duration.wholeMilliseconds, channel: section.optionalString("channel"),
                severity: section.number("severity", default: 1, in: 0.01...100))
        }
        if !section.has("at") {
            section.problem("at", "is missing; it must be a time in milliseconds since 1970-01-01T00:00:00Z")
        }
        if let fault, fault.kind.isPhysical, !source.isMachine {
            let possible = FaultKind.allCases.filter { !$0.isPhysical }.map(\.rawValue).joined(separator: ", ")
            section.problem(
                "kind",
                "is \"\(name)\", a fault of the machine; only a simulated one can have it (elsewhere: \(possible))")
        }
        return fault
    }
}
