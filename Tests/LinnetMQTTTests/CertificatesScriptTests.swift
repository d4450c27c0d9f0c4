// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetTestKit
import Testing

@Suite("Scripts/certs", .enabled(if: TestCertificates.isAvailable, "openssl is not installed"))
struct CertificatesScriptTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func run(_ arguments: String...) -> Result<String, TestKitError> {
        do {
            return .success(try Tool.run("bash", [TestCertificates.script, directory.path("tls")] + arguments))
        } catch {
            return .failure(error as? TestKitError ?? TestKitError("\(error)"))
        }
    }

    private func says(_ result: Result<String, TestKitError>, _ words: String) -> Bool {
        switch result {
        case .success: false
        case .failure(let error): error.description.contains(words)
        }
    }

    @Test("every key can be read by its owner only, and every certificate names its identity")
    func keysAndNames() throws {
        _ = try run("--agents", "press-1,press_2").get()

        for name in ["ca", "broker", "coordinator", "press-1", "press_2"] {
            let key = try FileManager.default.attributesOfItem(atPath: directory.path("tls/\(name).key"))
            #expect(key[.posixPermissions] as? NSNumber == 0o600, "\(name)")
        }
        for name in ["broker", "coordinator", "press-1", "press_2"] {
            let text = try Tool.run(
                "openssl", ["x509", "-noout", "-subject", "-in", directory.path("tls/\(name).pem")])
            #expect(text == "subject=CN = \(name)\n")
        }
    }

    @Test("an authority that exists is not overwritten; agents can be added to it")
    func keepsAuthority() throws {
        #expect(says(run("--add", "--agents", "press-1"), "there is no authority"))
        _ = try run("--agents", "press-1").get()
        let before = try Data(contentsOf: URL(fileURLWithPath: directory.path("tls/ca.key")))
        let press = try Data(contentsOf: URL(fileURLWithPath: directory.path("tls/press-1.key")))

        #expect(says(run(), "holds an authority already"))
        _ = try run("--add", "--agents", "press-1,press-2").get()

        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.path("tls/ca.key"))) == before)
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.path("tls/press-1.key"))) == press)
        _ = try Tool.run(
            "openssl", ["verify", "-CAfile", directory.path("tls/ca.pem"), directory.path("tls/press-2.pem")])
    }

    @Test("what can not be an identity, a port or a number of days is refused before anything is written")
    func refusals() {
        #expect(says(run("--agents", "press/1"), "\"press/1\" is not an identity"))
        #expect(says(run("--agents", "../x"), "is not an identity"))
        #expect(says(run("--agents", "broker"), "\"broker\" is taken"))
        #expect(says(run("--agents", "coordinator"), "both an agent and the coordinator"))
        #expect(says(run("--days", "0"), "--days 0 is not 1 to 3650"))
        #expect(says(run("--port", "65536"), "--port 65536 is not 1 to 65535"))
        #expect(says(run("--host", "a,IP:1.2.3.4"), "is neither a host name nor an IPv4 address"))
        #expect(says(run("--prefix", "a/#"), "is not made of topic levels"))
        #expect(says(run("--agent", "x"), "there is no option --agent"))
        #expect(says(run("--agents"), "--agents needs a value"))

        #expect(!FileManager.default.fileExists(atPath: directory.path("tls")))
    }
}
