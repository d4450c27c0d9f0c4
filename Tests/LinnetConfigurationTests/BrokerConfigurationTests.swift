// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetTestKit
import Testing

@Suite("The broker section")
struct BrokerConfigurationTests {
    private func read(_ text: String) -> (broker: BrokerConfiguration?, problems: [String]) {
        var broker: BrokerConfiguration?
        let found = problems(in: text) { broker = BrokerConfiguration(reading: $0.section("broker")) }
        return (broker, found)
    }

    @Test("a broker on this machine may go without TLS, if the file says so")
    func loopback() {
        for host in ["127.0.0.1", "127.8.9.10", "\"::1\"", "localhost"] {
            let (broker, problems) = read("broker: {host: \(host), insecureLoopback: true}")
            #expect(problems == [])
            #expect(broker?.tls == nil)
            #expect(broker?.port == 1883)
            #expect(broker?.prefix == "linnet/v1")
            #expect(broker?.maximumInFlight == 20)
        }
    }

    @Test("a broker elsewhere never goes without TLS")
    func elsewhere() {
        for host in [
            "10.0.0.5", "broker.example", "127.0.0.1.example.org", "127.1", "0.0.0.0", "128.0.0.1", "127.0.0.256",
        ] {
            #expect(
                read("broker:\n  host: \(host)\n  insecureLoopback: true").problems == [
                    #"edge.yaml:3: "broker.insecureLoopback" is true, but "host" is "\#(host)"; "#
                        + "without TLS only this machine is allowed: 127.0.0.0/8, ::1 or localhost"
                ])
        }
    }

    @Test("TLS is not off by default, not even on this machine")
    func noDefaultOff() {
        let expected = [
            #"edge.yaml:1: "broker" has no "tls"; give it "ca", "certificate" and "key", or, for a broker on this "#
                + #"very machine, "insecureLoopback: true""#
        ]
        #expect(read("broker: {host: 127.0.0.1}").problems == expected)
        #expect(read("broker: {host: 127.0.0.1, insecureLoopback: false}").problems == expected)
    }

    @Test("with TLS the three files must be there, and no other way in is left open")
    func tls() throws {
        let folder = try TemporaryDirectory("linnet-broker-configuration")
        for name in ["ca.pem", "press-2.pem", "press-2.key"] { try write("x", to: folder.path(name)) }
        let path = folder.path("edge.yaml")
        try write(
            "broker: {host: broker.example, tls: {ca: ca.pem, certificate: press-2.pem, key: press-2.key}}", to: path)

        let file = try ConfigurationFile(path: path)
        let broker = BrokerConfiguration(reading: file.root.section("broker"))
        try file.finish()

        #expect(broker.port == 8883)
        #expect(
            broker.tls
                == TLSFiles(
                    ca: folder.path("ca.pem"), certificate: folder.path("press-2.pem"), key: folder.path("press-2.key"))
        )
        #expect(
            read("broker:\n  host: b\n  insecureLoopback: true\n  tls: {ca: /none/ca, certificate: /, key: ''}")
                .problems
                == [
                    #"edge.yaml:3: "broker.insecureLoopback" is true although "tls" is given; leave one of them out"#,
                    #"edge.yaml:4: "broker.tls.ca" is "/none/ca", which can not be read: No such file or directory"#,
                    #"edge.yaml:4: "broker.tls.certificate" is "/", which is a folder; it must be a file"#,
                    #"edge.yaml:4: "broker.tls.key" is ""; it must be a path"#,
                ])
    }

    @Test("hosts, prefixes and numbers outside their ranges are refused")
    func ranges() {
        let common = "insecureLoopback: true"
        #expect(
            read("broker: {host: localhost, port: 0, \(common)}").problems
                == [#"edge.yaml:1: "broker.port" is 0; it must be between 1 and 65535"#])
        #expect(
            read("broker: {host: localhost, maximumInFlight: 21, \(common)}").problems
                == [#"edge.yaml:1: "broker.maximumInFlight" is 21; it must be between 1 and 20"#])
        for prefix in ["/linnet", "linnet/", "a//b", "a/+", "'#'", "$SYS/x", "'a b'", "''"] {
            #expect(
                read("broker: {host: localhost, prefix: \(prefix), \(common)}").problems.first?
                    .contains(#""broker.prefix" is "#) == true, "\(prefix)")
        }
        #expect(
            read("broker: {host: 'a b', tls: {}}").problems.contains(
                #"edge.yaml:1: "broker.host" is "a b"; it must be a host name or an address"#))
        #expect(
            read("broker: {host: localhost, passwordFile: /etc/hostname, \(common)}").problems
                == [#"edge.yaml:1: "broker.passwordFile" is given without "username"; give both or neither"#])
    }
}
