// SPDX-License-Identifier: Apache-2.0

/// Why a connection could not be made, or ended.
package struct ConnectionFailure: Error, Equatable, CustomStringConvertible {
    /// One sentence for the operator.
    package let reason: String

    package init(_ reason: String) { self.reason = reason }

    package var description: String { reason }

    /// Explains a failure of TLS from what the library logged.
    ///
    /// OpenSSL says little ("certificate verify failed"); the operator needs to know which certificate, and what to look
    /// at.
    ///
    /// - Parameters:
    ///   - lines: what libmosquitto logged as errors, oldest first.
    ///   - host: the host that was asked for.
    /// - Returns: `nil` where nothing speaks of TLS.
    package static func explainingTLS(
        _ lines: [String], host: String, settings: TLSSettings
    ) -> ConnectionFailure? {
        let text = lines.joined(separator: "; ")
        func says(_ words: String) -> Bool { text.contains(words) }
        // The last part of "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed".
        let detail = lines.last { $0.contains("OpenSSL Error") }?.split(separator: ":").last.map(String.init)
        if says("host name verification failed") {
            return ConnectionFailure(
                "the broker's certificate is not for \"\(host)\"; connect by a name the certificate has, or have it "
                    + "issued for this one")
        }
        if says("certificate verify failed") {
            return ConnectionFailure(
                "the broker's certificate is not valid: not signed by \(settings.ca), or out of date")
        }
        if says("Unable to load CA") {
            return ConnectionFailure("\(settings.ca) holds no certificate; it must be the PEM file of the authority")
        }
        if says("Unable to load client certificate") {
            return ConnectionFailure("\(settings.certificate ?? "") holds no certificate in PEM form")
        }
        if says("certificate/key are inconsistent") || says("key values mismatch") {
            return ConnectionFailure(
                "\(settings.certificate ?? "") and \(settings.key ?? "") do not belong together")
        }
        if says("Unable to load client key") {
            return ConnectionFailure("\(settings.key ?? "") holds no unencrypted private key in PEM form")
        }
        if says("alert") {
            return ConnectionFailure(
                "the broker refuses this client's certificate (\(detail ?? text)); it must be signed by the broker's "
                    + "authority and in date")
        }
        if says("wrong version number") {
            return ConnectionFailure("the broker does not speak TLS on this port")
        }
        guard let detail else { return nil }
        return ConnectionFailure("TLS failed: \(detail)")
    }
}
