// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
import LinnetDomain

extension LinnetDomain.Digest {
    /// The SHA-256 of `bytes`.
    public init(of bytes: Data) {
        let hex = SHA256.hash(data: bytes).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        // 32 bytes are 64 digits, so this is never nil.
        self = LinnetDomain.Digest(hex: hex.joined())!
    }
}

extension CohortID {
    /// The cohort of all devices that keep `contract`: `c-` and twelve digits of the contract's digest.
    public init(of contract: SignalContract) {
        self.init(checked: "c-" + LinnetDomain.Digest(of: Data(contract.canonicalText.utf8)).short)
    }
}
