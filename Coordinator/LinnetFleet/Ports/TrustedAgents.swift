// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging

/// The public keys of the agents whose updates are taken: one file `<agent>.pub` each, put there by the operator.
///
/// It is looked up at every update, which is rare, so that adding or removing a file needs no restart.
public struct TrustedAgents: Sendable {
    public let directory: String

    public init(directory: String) { self.directory = directory }

    /// The key of `agent`, or `nil` if the operator has not put one there.
    ///
    /// - Throws: ``KeyError`` if there is a file that holds no key.
    public func key(of agent: AgentID) throws(KeyError) -> VerifyingKey? {
        let path = "\(directory)/\(agent).pub"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), text.utf8.count <= 256 else {
            throw .file(path: path, reason: "it can not be read as 64 hexadecimal digits")
        }
        return try VerifyingKey(hex: String(text.filter { !$0.isWhitespace }))
    }
}
