// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import LinnetDomain
import LinnetMessaging

/// Who may change something through the API: one file `<name>.token` each, in a folder that only the coordinator's user can
/// read.
///
/// A request that changes something carries a token, and the audit log the name of its file. Whoever can read the file could
/// read the database as well, so on the coordinator's own machine a token gives away nothing; and a web page that a browser on
/// that machine shows can not send one. Files may come and go while the coordinator runs.
public struct Operators: Sendable {
    public static let folderName = "operators"
    /// Whose token is made at first start.
    public static let firstName = "operator"
    /// Files looked at, at most.
    private static let maximumFiles = 64

    public let directory: String

    public init(directory: String) { self.directory = directory }

    /// Makes the folder and the first token, where there is no folder yet.
    public static func prepare(in stateDirectory: String) throws -> Operators {
        let operators = Operators(directory: "\(stateDirectory)/\(folderName)")
        guard !FileManager.default.fileExists(atPath: operators.directory) else { return operators }
        try FileManager.default.createDirectory(
            atPath: operators.directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        var generator = SystemRandomNumberGenerator()
        let token = (0..<4).map { _ in
            let digits = String(UInt64.random(in: 0...UInt64.max, using: &generator), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
        let path = "\(operators.directory)/\(firstName).token"
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data("\(token)\n".utf8), attributes: [.posixPermissions: 0o600])
        else { throw OperatorError.unwritable(path) }
        return operators
    }

    /// The name of the one whose token this is; `nil` if it is nobody's.
    ///
    /// Digests are compared, so that the time it takes tells nothing about the token. A file that others can read counts as
    /// none: its token may be anybody's.
    public func name(of token: String) -> String? {
        guard token.utf8.count >= 32, token.utf8.count <= 256 else { return nil }
        let wanted = Digest(of: Data(token.utf8))
        // A folder that can not be read holds nobody.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for name in names.sorted().prefix(Self.maximumFiles) where name.hasSuffix(".token") {
            let path = "\(directory)/\(name)"
            guard Self.isPrivate(path), let text = try? String(contentsOfFile: path, encoding: .utf8),
                text.utf8.count <= 512
            else { continue }
            if Digest(of: Data(text.filter { !$0.isWhitespace }.utf8)) == wanted { return String(name.dropLast(6)) }
        }
        return nil
    }

    private static func isPrivate(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & 0o077 == 0
    }
}

/// Why there is no token.
public enum OperatorError: Error, CustomStringConvertible {
    case unwritable(String)

    public var description: String {
        switch self {
        case .unwritable(let path): "\(path): the operator's token can not be written"
        }
    }
}
