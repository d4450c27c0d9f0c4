// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDomain
import LinnetFleet

/// Writes everything that a demonstration's processes read, and says how to start them.
struct Preparation {
    let installation: Installation
    let directory: RunDirectory
    let scenario: Scenario
    let schedule: FaultSchedule
    let releases: ReleasePolicy
    /// When the demonstration starts; faults are told by it.
    let epoch: Timestamp
    let roundSeconds: Int

    /// How to start what has been prepared, in the order in which it is started.
    struct Result {
        let broker: BrokerFile
        let apiURL: String
        let processes: [ProcessPlan]
    }

    /// Makes keys and certificates, and writes every configuration.
    ///
    /// The coordinator's key is made first, because each agent pins it; then each agent's, because the coordinator trusts
    /// no key that is not in its folder.
    func perform(withTLS: Bool) throws(CommandFailure) -> Result {
        let ports = try FreePort.find(2)
        let broker = try makeBroker(port: ports[0], withTLS: withTLS)
        try directory.write(broker.text, to: directory.brokerFile)
        let coordinator = CoordinatorFile(
            directory: directory, broker: broker, apiPort: ports[1], releases: releases, roundSeconds: roundSeconds,
            minimumWindows: scenario.minimumWindows)
        try directory.write(coordinator.text, to: directory.coordinatorFile)
        let key = try identity(from: installation.coordinator, directory.coordinatorFile)

        var processes = [
            ProcessPlan(
                name: "broker", executable: installation.broker, arguments: ["-c", directory.brokerFile],
                logPath: directory.log("broker")),
            ProcessPlan(
                name: "coordinator", executable: installation.coordinator,
                arguments: ["run", "--config", directory.coordinatorFile], logPath: directory.log("coordinator")),
        ]
        for member in scenario.members {
            let file = directory.edgeFile(member.agent)
            try directory.make(directory.edgeState(member.agent))
            let faults = schedule.faults.filter { $0.agent == member.agent }
            let edge = EdgeFile(
                member: member, directory: directory, broker: broker, coordinatorKey: key, epoch: epoch, faults: faults,
                minimumWindows: member.isHost ? EdgeFile.hostMinimumWindows : scenario.minimumWindows)
            try directory.write(edge.text, to: file)
            let agentKey = try identity(from: installation.edge, file)
            try directory.write(agentKey + "\n", to: "\(directory.trustedAgents)/\(member.agent).pub")
            processes.append(
                ProcessPlan(
                    name: member.agent.rawValue, executable: installation.edge, arguments: ["run", "--config", file],
                    logPath: directory.log(member.agent.rawValue)))
        }
        return Result(broker: broker, apiURL: "http://127.0.0.1:\(ports[1])", processes: processes)
    }

    private func makeBroker(port: Int, withTLS: Bool) throws(CommandFailure) -> BrokerFile {
        guard withTLS else { return .plain(port: port, data: directory.brokerData) }
        guard let script = installation.certs else {
            throw .failed("Scripts/certs is not to be found; name the folder it lies in: LINNET_SCRIPTS=…/Scripts")
        }
        let names = scenario.members.map(\.agent.rawValue) + [BrokerFile.listener]
        _ = try Installation.output(
            of: script, [directory.certificates, "--agents", names.joined(separator: ","), "--port", "\(port)"])
        let rules = "\(directory.certificates)/broker.acl"
        guard let written = try? String(contentsOfFile: rules, encoding: .utf8) else {
            throw .failed("\(rules) can not be read, although Scripts/certs should just have written it")
        }
        try directory.write(written + BrokerFile.listenerRule, to: rules)
        return try .fenced(port: port, data: directory.brokerData, certificates: directory.certificates)
    }

    private func identity(from executable: String, _ file: String) throws(CommandFailure) -> String {
        let key = try Installation.output(of: executable, ["identity", "--config", file])
        guard key.count == 64, key.allSatisfy(\.isHexDigit) else {
            throw .failed("\(executable) identity printed \"\(key.prefix(80))\", and not a public key of 64 digits")
        }
        return key
    }
}
