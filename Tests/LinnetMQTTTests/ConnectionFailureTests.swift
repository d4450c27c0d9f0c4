// SPDX-License-Identifier: Apache-2.0

import LinnetMQTT
import Testing

@Suite("What an operator is told of a failed connection")
struct ConnectionFailureTests {
    private let settings = TLSSettings(ca: "ca.pem", certificate: "press-1.pem", key: "press-1.key")

    private func reason(_ lines: String...) -> String? {
        ConnectionFailure.explainingTLS(lines, host: "broker.plant", settings: settings)?.reason
    }

    @Test("what OpenSSL says becomes what is wrong and where to look")
    func explanations() {
        let verify = "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed"

        #expect(reason(verify) == "the broker's certificate is not valid: not signed by ca.pem, or out of date")
        #expect(
            reason("Error: host name verification failed.", verify)
                == "the broker's certificate is not for \"broker.plant\"; connect by a name the certificate has, or have "
                + "it issued for this one")
        #expect(
            reason("OpenSSL Error[0]: error:0A00045C:SSL routines::tlsv13 alert certificate required")
                == "the broker refuses this client's certificate (tlsv13 alert certificate required); it must be signed "
                + "by the broker's authority and in date")
        #expect(
            reason("OpenSSL Error[0]: error:0A00010B:SSL routines::wrong version number")
                == "the broker does not speak TLS on this port")
        #expect(
            reason("Error: Client certificate/key are inconsistent.")
                == "press-1.pem and press-1.key do not belong together")
        #expect(reason("OpenSSL Error[0]: error:0:SSL routines::something new") == "TLS failed: something new")
    }

    @Test("a failure that is not of TLS is left to others")
    func notTLS() {
        #expect(reason() == nil)
        #expect(reason("Error: out of memory") == nil)
    }
}
