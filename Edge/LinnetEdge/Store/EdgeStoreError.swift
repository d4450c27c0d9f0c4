// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Why the agent's database did not do what was asked.
public enum EdgeStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The disk, or the quota, is full; nothing was written, and it can be tried again.
    case full(path: String)
    /// The file is no database any more, or a broken one.
    case corrupt(path: String, reason: String)
    /// Reading or writing the disk failed: what is on it is not to be trusted, and the agent stops.
    case failing(path: String, reason: String)
    /// The folder or file can not be opened.
    case unusable(path: String, reason: String)

    /// Whether the same may work later without anybody's help.
    public var isTransient: Bool {
        if case .full = self { true } else { false }
    }

    public var description: String {
        switch self {
        case .full(let path): "\(path): the disk is full; free some space, the agent goes on by itself"
        case .corrupt(let path, let reason):
            "\(path) is corrupt (\(reason)); start the agent again and it is moved aside"
        case .failing(let path, let reason):
            "\(path): the disk fails (\(reason)); check the disk, then start the agent again"
        case .unusable(let path, let reason): "\(path) can not be opened: \(reason)"
        }
    }

    /// Sorts an error of the database by what is to be done about it.
    init(_ error: any Error, path: String) {
        guard let error = error as? DatabaseError else {
            self = .failing(path: path, reason: "\(error)")
            return
        }
        let reason = "\(error.resultCode.rawValue): \(error.message ?? "no message")"
        switch error.resultCode {
        case .SQLITE_FULL: self = .full(path: path)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(path: path, reason: reason)
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_BUSY, .SQLITE_LOCKED:
            self = .unusable(path: path, reason: reason)
        default: self = .failing(path: path, reason: reason)
        }
    }
}
