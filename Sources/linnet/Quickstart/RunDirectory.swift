// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDomain

/// Where one demonstration keeps everything: configurations, keys, databases, logs.
///
///     broker/mosquitto.conf  broker/data/  certs/          only with TLS
///     coordinator/coordinator.yaml  coordinator/state/  coordinator/trusted-agents/
///     agents/agent-1/edge.yaml  agents/agent-1/state/
///     logs/broker.log …  processes.json
struct RunDirectory: Sendable {
    let path: String
    /// Whether it was made for this run alone, and may go with it.
    let isTemporary: Bool

    /// Makes the directory, with its folders.
    ///
    /// - Parameter chosen: where; a new folder under the system's temporary directory if absent.
    /// - Throws: a usage failure if `chosen` exists and is not empty: an earlier run's databases would be judged with it.
    init(chosen: String?) throws(CommandFailure) {
        if let chosen {
            let entries = try? FileManager.default.contentsOfDirectory(atPath: chosen)  // absent is fine
            guard entries?.isEmpty ?? true else {
                throw .usage("--directory \(chosen): is not empty; name a new folder, or remove this one")
            }
            path = URL(fileURLWithPath: chosen).standardizedFileURL.path
            isTemporary = false
        } else {
            var template = Array((NSTemporaryDirectory() + "/linnet-quickstart-XXXXXX").utf8CString)
            guard mkdtemp(&template) != nil else {
                throw .failed("no temporary directory: \(String(cString: strerror(errno))); name one with --directory")
            }
            let bytes = template.dropLast().map { UInt8(bitPattern: $0) }
            path = URL(fileURLWithPath: String(decoding: bytes, as: UTF8.self)).standardizedFileURL.path
            isTemporary = true
        }
        for folder in [brokerData, coordinatorState, trustedAgents, "\(path)/logs"] { try make(folder) }
    }

    var brokerFile: String { "\(path)/broker/mosquitto.conf" }
    var brokerData: String { "\(path)/broker/data" }
    var certificates: String { "\(path)/certs" }
    var coordinatorFile: String { "\(path)/coordinator/coordinator.yaml" }
    var coordinatorState: String { "\(path)/coordinator/state" }
    var trustedAgents: String { "\(path)/coordinator/trusted-agents" }
    var coordinatorDatabase: String { "\(coordinatorState)/coordinator.sqlite" }
    var processes: String { "\(path)/processes.json" }

    func edgeFile(_ agent: AgentID) -> String { "\(path)/agents/\(agent)/edge.yaml" }
    func edgeState(_ agent: AgentID) -> String { "\(path)/agents/\(agent)/state" }
    func edgeDatabase(_ agent: AgentID) -> String { "\(edgeState(agent))/agent.sqlite" }
    func log(_ process: String) -> String { "\(path)/logs/\(process).log" }

    func make(_ folder: String) throws(CommandFailure) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .failed("\(folder) can not be made: \(error.localizedDescription)")
        }
    }

    func write(_ text: String, to file: String) throws(CommandFailure) {
        do {
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        } catch {
            throw .failed("\(file) can not be written: \(error.localizedDescription)")
        }
    }

    /// Removes all of it; what can not be removed stays, in the system's temporary directory.
    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
