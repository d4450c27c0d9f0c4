// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One YAML file, read into sections whose readers note every problem before anything is opened or connected.
///
///     let file = try ConfigurationFile(path: "edge.yaml")
///     let window = file.root.section("window")
///     let length = window.integer("length", default: 8, in: 1...4096)
///     let gap = window.duration("maximumGap", default: .seconds(2), in: .zero ... .seconds(3600))
///     try file.finish()                      // every problem at once, and every key that nobody asked for
///
/// Readers never throw: a value that is no good becomes a placeholder inside its range, and `finish()` throws. Nothing
/// that was read may be used before `finish()` has returned.
public struct ConfigurationFile {
    /// The whole file as one section.
    public let root: ConfigurationSection
    private let log: ProblemLog

    /// Most bytes of a configuration file.
    public static let maximumBytes = 1_048_576

    /// Reads the file at `path`.
    ///
    /// - Throws: ``ConfigurationProblems`` if it can not be read, is larger than ``maximumBytes``, or is no YAML.
    public init(path: String) throws(ConfigurationProblems) {
        try self.init(text: Self.text(at: path), name: path)
    }

    /// Reads `text` as if it stood in a file called `name`, whose folder relative paths are relative to.
    ///
    /// - Throws: ``ConfigurationProblems`` if it is larger than ``maximumBytes``, or is no YAML.
    public init(text: String, name: String) throws(ConfigurationProblems) {
        guard text.utf8.count <= Self.maximumBytes else { throw Self.tooLarge(name) }
        var reader = YAMLReader(name: name)
        let node = try reader.read(text)
        log = ProblemLog(name: name)
        switch node.content {
        case .map(let entries): root = ConfigurationSection(log: log, path: "", line: 1, entries: entries)
        case .empty: root = ConfigurationSection(log: log, path: "", line: 1, entries: [])
        default:
            throw ConfigurationProblems(problems: [
                "\(name):\(node.line): the file is \(node.summary); it must be a section: lines of `key: value`"
            ])
        }
    }

    /// Ends the reading.
    ///
    /// - Throws: every problem that was met, and every key of a section that nobody asked for.
    public func finish() throws(ConfigurationProblems) {
        root.noteUnknownKeys()
        if let problems = log.problems { throw problems }
    }

    private static func tooLarge(_ name: String) -> ConfigurationProblems {
        ConfigurationProblems(problems: ["\(name): larger than \(maximumBytes) bytes; this is no configuration file"])
    }

    private static func text(at path: String) throws(ConfigurationProblems) -> String {
        func failure(_ reason: String) -> ConfigurationProblems {
            ConfigurationProblems(problems: ["\(path): can not be read: \(reason)"])
        }
        // Not blocking, so that a pipe somebody left there is refused rather than waited for.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw failure(String(cString: strerror(errno))) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure(String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw failure("it is not a regular file") }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure(String(cString: strerror(errno))) }
            guard count > 0 else { break }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= maximumBytes else { throw tooLarge(path) }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure("it is not UTF-8 text")
        }
        return text
    }
}
