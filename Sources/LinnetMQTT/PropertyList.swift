// SPDX-License-Identifier: Apache-2.0

import CMosquitto

/// A list of MQTT 5 properties; freed with the value unless libmosquitto has taken it over.
struct PropertyList: ~Copyable {
    private(set) var head: OpaquePointer?

    init() { head = nil }

    deinit {
        // The function wants the address of the pointer, to clear it.
        var head = head
        mosquitto_property_free_all(&head)
    }

    mutating func add(_ property: mqtt5_property, _ value: UInt32) throws(ConnectionFailure) {
        let code = mosquitto_property_add_int32(&head, Int32(property.rawValue), value)
        guard code == 0 else { throw ConnectionFailure("an MQTT property could not be set: \(Library.text(code))") }
    }

    /// Forgets the list after libmosquitto has taken it over.
    mutating func handedOver() { head = nil }
}

/// What libmosquitto needs once in a process.
enum Library {
    /// Starts the library at first use; it also makes the process ignore SIGPIPE, which every server wants.
    ///
    /// It is never ended: another bus may live in the same process.
    static let start: Int32 = mosquitto_lib_init()

    /// A return code in words.
    static func text(_ code: Int32) -> String {
        mosquitto_strerror(code).map { String(cString: $0) } ?? "code \(code)"
    }

    /// An MQTT 5 reason code in words.
    static func reason(_ code: Int32) -> String {
        mosquitto_reason_string(code).map { String(cString: $0) } ?? "reason code \(code)"
    }
}
