// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What is left of a value after it was written and read.
enum JSONRoundTrip {
    static func of<Value: Codable>(_ value: Value) throws -> Value {
        try JSONDecoder().decode(Value.self, from: try JSONEncoder().encode(value))
    }
}
