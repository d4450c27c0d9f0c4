// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// What the devices of a simulated fleet measure; one device an agent.
///
/// Every answer follows from the agent's number alone, so data need not be kept, and can be made on any thread.
public protocol FleetData: Sendable {
    var contract: SignalContract { get }
    /// How many agents there are; 1 or more.
    var agentCount: Int { get }
    /// A name for an agent's device, for reports.
    func name(of agent: Int) -> String
    /// How many normal windows an agent has stored.
    func windowCount(of agent: Int) -> Int
    /// The normal windows that an agent has stored, oldest first.
    func trainingWindows(of agent: Int) -> [SampleWindow]
    /// Windows of the same device that nobody learns from.
    func judgingWindows(of agent: Int) -> JudgingWindows
}

/// Windows that tell how well a model detects.
public struct JudgingWindows: Sendable {
    /// Windows on which an alarm is a false one.
    public var normal: [SampleWindow]
    /// Windows on which it is a right one.
    public var faulty: [SampleWindow]

    public init(normal: [SampleWindow], faulty: [SampleWindow]) {
        self.normal = normal
        self.faulty = faulty
    }
}
