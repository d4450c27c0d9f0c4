// SPDX-License-Identifier: Apache-2.0

import CMosquitto
import FoundationEssentials
import Glibc
import LinnetMessaging

// What libmosquitto calls. It holds a lock meanwhile, so nothing here calls the library; what was said is kept for after
// the turn. Only a message is handed on at once, since its acknowledgement leaves when the callback has returned.
extension MosquittoClient {
    /// Most lines of the library's error log that are kept.
    private static let maximumErrorLines = 16

    func setCallbacks() {
        mosquitto_connect_v5_callback_set(handle) { _, client, reasonCode, flags, properties in
            MosquittoClient.call(client) { $0.answered(reasonCode, flags: flags, properties: properties) }
        }
        mosquitto_disconnect_v5_callback_set(handle) { _, client, reasonCode, _ in
            MosquittoClient.call(client) { $0.events.append(.closed(reasonCode: reasonCode)) }
        }
        mosquitto_subscribe_v5_callback_set(handle) { _, client, identifier, count, reasonCodes, _ in
            MosquittoClient.call(client) {
                let codes = Array(UnsafeBufferPointer(start: reasonCodes, count: max(0, Int(count))))
                $0.events.append(.subscribed(identifier: identifier, reasonCodes: codes))
            }
        }
        mosquitto_publish_v5_callback_set(handle) { _, client, identifier, reasonCode, _ in
            MosquittoClient.call(client) {
                $0.events.append(.acknowledged(identifier: identifier, reasonCode: reasonCode))
            }
        }
        mosquitto_message_v5_callback_set(handle) { _, client, message, _ in
            MosquittoClient.call(client) { client in
                if let message { client.received(message.pointee) }
            }
        }
        mosquitto_log_callback_set(handle) { _, client, level, line in
            guard level == Int32(MOSQ_LOG_ERR), let line else { return }
            MosquittoClient.call(client, counts: false) { $0.logged(String(cString: line)) }
        }
    }

    private static func call(
        _ pointer: UnsafeMutableRawPointer?, counts: Bool = true, _ body: (MosquittoClient) -> Void
    ) {
        guard let pointer else { return }
        // After a packet the library looks at errno to see whether there is more to read.
        let kept = errno
        // The client outlives its handle, and with it every callback: it destroys the handle itself.
        let client = Unmanaged<MosquittoClient>.fromOpaque(pointer).takeUnretainedValue()
        if counts { client.calls += 1 }
        body(client)
        errno = kept
    }

    private func answered(_ reasonCode: Int32, flags: Int32, properties: OpaquePointer?) {
        guard reasonCode == 0 else {
            events.append(.refused(reasonCode: reasonCode))
            return
        }
        var limit: UInt32 = 0
        if mosquitto_property_read_int32(
            properties, Int32(MQTT_PROP_MAXIMUM_PACKET_SIZE.rawValue), &limit, false) != nil
        {
            maximumPacketBytes = limit
        }
        errorLines.removeAll()
        events.append(.accepted(sessionPresent: flags & 1 == 1))
    }

    private func received(_ message: mosquitto_message) {
        guard message.payloadlen >= 0, Int(message.payloadlen) <= settings.maximumPayloadBytes else {
            events.append(.droppedOversize)
            return
        }
        guard let topic = message.topic, let text = String(validatingCString: topic) else {
            events.append(.droppedUnreadable)
            return
        }
        let payload = message.payload.map { Data(bytes: $0, count: Int(message.payloadlen)) } ?? Data()
        receive(Message(topic: text, payload: payload, wasRetained: message.retain))
    }

    private func logged(_ line: String) {
        guard errorLines.count < Self.maximumErrorLines else { return }
        errorLines.append(line.split(whereSeparator: \.isNewline).joined(separator: " "))
    }
}
