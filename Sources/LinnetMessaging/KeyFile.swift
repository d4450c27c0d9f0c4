// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import LinnetDomain

/// Keeps a signing key in a file that only its owner can read.
public enum KeyFile {
    /// Reads the key at `path`, or makes one there at first start.
    ///
    /// The file holds the 32 bytes as 64 hexadecimal digits and a newline; it is written aside, synced and renamed, so a
    /// crash leaves either no key or a whole one.
    ///
    /// - Throws: ``KeyError`` if the file is unreadable, no key, or readable by others.
    public static func loadOrCreate(at path: String) throws(KeyError) -> SigningKey {
        var status = stat()
        if stat(path, &status) != 0 {
            guard errno == ENOENT else { throw .file(path: path, reason: String(cString: strerror(errno))) }
            return try create(at: path)
        }
        guard status.st_mode & 0o077 == 0 else {
            throw .exposed(path: path, mode: String(status.st_mode & 0o777, radix: 8))
        }
        guard status.st_size <= 128, let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw .file(path: path, reason: "it can not be read as 64 hexadecimal digits")
        }
        let digits = text.trimmingSuffix { $0.isWhitespace }
        guard let bytes = Data(hexadecimal: String(digits)), bytes.count == 32 else {
            throw .file(path: path, reason: "it does not hold 64 hexadecimal digits; delete it for a new identity")
        }
        return try SigningKey(rawRepresentation: bytes)
    }

    private static func create(at path: String) throws(KeyError) -> SigningKey {
        func failure() -> KeyError { .file(path: path, reason: String(cString: strerror(errno))) }
        let key = SigningKey()
        let hex = key.rawRepresentation.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "\n"
        let aside = path + ".new"
        unlink(aside)
        let file = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure() }
        let written = Array(hex.utf8).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        let synced = fsync(file)
        close(file)
        guard written == hex.utf8.count, synced == 0, rename(aside, path) == 0 else { throw failure() }
        return key
    }
}

extension String {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> Substring {
        var rest = self[...]
        while let last = rest.last, isTrimmed(last) { rest.removeLast() }
        return rest
    }
}
