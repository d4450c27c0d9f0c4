// SPDX-License-Identifier: Apache-2.0

import LinnetMessaging
import Synchronization

/// Counts what an agent has refused since it started, by name.
///
/// The names are a closed list, so that nobody can make it grow.
final class Refusals: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    /// How often each was refused; absent while nothing was.
    var all: [String: Int]? { counts.withLock { $0.isEmpty ? nil : $0 } }

    func count(_ refusal: ModelRefusal) { count(refusal.name) }

    func count(_ error: WireError) { count(error.name) }

    private func count(_ name: String) { counts.withLock { $0[name, default: 0] += 1 } }
}

extension WireError {
    /// The name that it is counted under.
    fileprivate var name: String {
        switch self {
        case .tooLarge: "message-too-large"
        case .malformed: "malformed"
        case .notAllowed(let field, _, _): field == "agent" ? "wrong-agent" : "not-allowed"
        case .unknownField: "unknown-field"
        case .wrongType: "wrong-type"
        case .badSignature: "bad-signature"
        }
    }
}

extension ModelRefusal {
    /// The name that it is counted under.
    fileprivate var name: String {
        switch self {
        case .wrongCohort: "wrong-cohort"
        case .replayed: "replayed"
        case .expired: "expired"
        case .tooLarge: "model-too-large"
        case .tooSlow: "too-slow"
        case .garbage: "garbage"
        case .digest: "digest"
        case .unreadable: "unreadable"
        case .wrongContract: "wrong-contract"
        case .calibration: "calibration"
        case .shadow: "shadow"
        case .withdrawn: "withdrawn"
        case .selfTest: "self-test"
        }
    }
}
