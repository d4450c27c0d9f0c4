// SPDX-License-Identifier: Apache-2.0

/// The three files that TLS needs: who signs the broker's certificate, and who this client is.
///
/// The broker's certificate is always verified, its host name too; there is no setting that turns that off. The files
/// are read anew at each connection, so a renewed certificate needs no restart. The key must not be encrypted.
public struct TLSSettings: Sendable, Equatable {
    /// PEM file of the certificate authority that signed the broker's certificate.
    public var ca: String
    /// PEM file of this client's certificate; `nil` where the broker asks for none.
    public var certificate: String?
    /// PEM file of the certificate's private key; `nil` together with `certificate`.
    public var key: String?

    public init(ca: String, certificate: String? = nil, key: String? = nil) {
        self.ca = ca
        self.certificate = certificate
        self.key = key
    }
}
