// SPDX-License-Identifier: Apache-2.0

/// Why stored bytes are no server state.
public enum ServerStateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The bytes do not begin as a server state does.
    case notAServerState
    /// The bytes are of a revision that this build does not read.
    case unknownRevision(UInt16)
    /// The bytes end too early, or go on after the end.
    case wrongLength(found: Int, expected: Int)
    /// A part is none that a server can have written.
    case implausible(String)

    public var description: String {
        switch self {
        case .notAServerState: "the bytes are no server state: they do not begin with LNSS"
        case .unknownRevision(let revision): "the server state is of revision \(revision); this build reads revision 1"
        case .wrongLength(let found, let expected): "the server state has \(found) bytes; its head says \(expected)"
        case .implausible(let reason): "the server state can not be: \(reason)"
        }
    }
}
