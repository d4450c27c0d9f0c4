// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A directory of its own for one test; it goes when the last reference to it goes.
public final class TemporaryDirectory: Sendable {
    public let url: URL

    /// Makes the directory below the system's temporary directory.
    public init(_ name: String = "linnet-test") throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    /// The directory's path.
    public var path: String { url.path }

    /// The path of an entry in it, whether there is one or not.
    public func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Writes a text file into it and answers its path.
    @discardableResult
    public func write(_ text: String, to name: String) throws -> String {
        let path = path(name)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    deinit {
        // A test has ended; what can not be removed is left to the system's own cleaning.
        try? FileManager.default.removeItem(at: url)
    }
}
