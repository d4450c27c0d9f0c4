// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import LinnetMessaging
import LinnetTestKit
import Testing

@Suite("Key files")
struct KeyFileTests {
    private let folder: TemporaryDirectory
    private let path: String

    init() throws {
        folder = try TemporaryDirectory("linnet-keys")
        path = folder.path("agent.key")
    }

    private func mode() throws -> mode_t {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return status.st_mode & 0o777
    }

    @Test("a key is made at first start, for its owner only, and is the same ever after")
    func firstStart() throws {
        let first = try KeyFile.loadOrCreate(at: path)

        #expect(try mode() == 0o600)
        #expect(access(path + ".new", F_OK) != 0)
        #expect(try KeyFile.loadOrCreate(at: path).verifyingKey == first.verifyingKey)
        #expect(try KeyFile.loadOrCreate(at: folder.path("other.key")).verifyingKey != first.verifyingKey)
    }

    @Test("what a crash left behind does not stand in the way")
    func afterCrash() throws {
        try folder.write("half a ke", to: "agent.key.new")

        let key = try KeyFile.loadOrCreate(at: path)

        #expect(try mode() == 0o600)
        #expect(try KeyFile.loadOrCreate(at: path).verifyingKey == key.verifyingKey)
    }

    @Test("a key that others can read is refused", arguments: [0o644, 0o640, 0o604, 0o620, 0o601] as [mode_t])
    func exposed(mode: mode_t) throws {
        _ = try KeyFile.loadOrCreate(at: path)
        try #require(chmod(path, mode) == 0)

        #expect(throws: KeyError.exposed(path: path, mode: String(mode, radix: 8))) {
            try KeyFile.loadOrCreate(at: path)
        }
        #expect(
            KeyError.exposed(path: "/k", mode: "644").description
                == "key file /k has mode 644: others can read it; make it 600, or delete it for a new identity")
    }

    @Test(
        "a file that holds no key is refused, and never overwritten",
        arguments: [
            "", "\n", "not a key", "00", String(repeating: "0", count: 62), String(repeating: "g", count: 64),
            String(repeating: "0", count: 66), String(repeating: "0", count: 4096),
        ])
    func garbage(text: String) throws {
        try folder.write(text, to: "agent.key")
        try #require(chmod(path, 0o600) == 0)

        #expect(throws: KeyError.self) { try KeyFile.loadOrCreate(at: path) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }

    @Test("bytes that are no text are refused")
    func binary() throws {
        try Data([0xFF, 0xFE, 0x00, 0x80]).write(to: URL(filePath: path))
        try #require(chmod(path, 0o600) == 0)

        #expect(throws: KeyError.self) { try KeyFile.loadOrCreate(at: path) }
    }

    @Test("a place that can not be written is an error that names it")
    func unwritable() throws {
        let nowhere = folder.path("missing") + "/agent.key"

        #expect(throws: KeyError.file(path: nowhere, reason: "No such file or directory")) {
            try KeyFile.loadOrCreate(at: nowhere)
        }
    }
}
