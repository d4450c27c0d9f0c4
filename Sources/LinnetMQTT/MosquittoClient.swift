// SPDX-License-Identifier: Apache-2.0

import CMosquitto
import FoundationEssentials
import Glibc
import LinnetMessaging

/// One connection to the broker; no pointer of libmosquitto's leaves this class.
///
/// It is made, used and destroyed on one thread, and a new one is made for every attempt: the library keeps messages
/// over a reconnect in a queue without a bound and sends them again behind the caller's back, where Linnet's outbox does
/// the same knowingly. What each step avoids is said beside it; all of it was found on libmosquitto 2.0.11.
///
/// One thing can not be avoided from here: a broker that sends a property MQTT 5 does not know ends the process (an
/// assertion in the library), and one that announces a large packet makes it allocate up to 256 MB. The broker is
/// trusted that far; run the process under a service manager with a memory limit.
final class MosquittoClient {
    /// What the broker has said.
    enum Event {
        case accepted(sessionPresent: Bool)
        case refused(reasonCode: Int32)
        case subscribed(identifier: Int32, reasonCodes: [Int32])
        case acknowledged(identifier: Int32, reasonCode: Int32)
        case closed(reasonCode: Int32)
        /// A message over the payload limit.
        case droppedOversize
        /// A message whose topic is not text.
        case droppedUnreadable
    }

    /// What one turn brought.
    struct Turn {
        /// In order; to be handled even if the connection has failed since.
        var events: [Event]
        /// Whether nothing at all came from the broker.
        var isQuiet: Bool
        var failure: ConnectionFailure?
    }

    /// Why a message was not taken.
    enum PublishFailure: Error {
        case message(BusError)
        case connection(ConnectionFailure)
    }

    let settings: BrokerSettings
    let receive: (Message) -> Void
    let handle: OpaquePointer
    // The callbacks of the extension leave here what they were told.
    var events: [Event] = []
    var calls = 0
    var errorLines: [String] = []
    /// The broker's limit, from its CONNACK; `nil` where it names none.
    var maximumPacketBytes: UInt32?

    /// - Parameter receive: called inside the library's message callback: the acknowledgement is written after it returns.
    init(
        settings: BrokerSettings, clientID: String, will: Will?, receive: @escaping (Message) -> Void
    ) throws(ConnectionFailure) {
        guard Library.start == 0 else { throw ConnectionFailure("libmosquitto: \(Library.text(Library.start))") }
        // clean_start false: the broker keeps this client's subscriptions and messages while it is away.
        guard let handle = mosquitto_new(clientID, false, nil) else {
            throw ConnectionFailure("libmosquitto takes no client named \"\(clientID)\"")
        }
        self.settings = settings
        self.receive = receive
        self.handle = handle
        mosquitto_user_data_set(handle, Unmanaged.passUnretained(self).toOpaque())
        setCallbacks()
        try configure(will: will)
    }

    deinit { mosquitto_destroy(handle) }

    // MARK: - Setting up

    private func configure(will: Will?) throws(ConnectionFailure) {
        // Version 5 always: version 3.1.1 has no refusals, no session expiry, no delayed will.
        try check(mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, 5), "protocol version")
        try check(mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1), "TCP_NODELAY")
        // "Threaded" makes the library queue what it has to say instead of writing at once. Otherwise the
        // acknowledgement of a message would leave before the callback that stores the message has run.
        try check(mosquitto_threaded_set(handle, true), "threading")
        try check(
            mosquitto_max_inflight_messages_set(handle, UInt32(settings.maximumInFlight)), "messages in flight")
        if let username = settings.username {
            try check(mosquitto_username_pw_set(handle, username, settings.password), "user name")
        }
        if let tls = settings.tls { try configure(tls) }
        if let will { try set(will) }
    }

    private func configure(_ tls: TLSSettings) throws(ConnectionFailure) {
        for file in [tls.ca, tls.certificate, tls.key].compactMap({ $0 }) where access(file, R_OK) != 0 {
            throw ConnectionFailure("\(file) can not be read: \(String(cString: strerror(errno)))")
        }
        // Without an answer to its question for a pass phrase, OpenSSL would ask on the terminal and wait.
        let noPassPhrase:
            @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 =
                { _, _, _, _ in 0 }
        try check(mosquitto_tls_set(handle, tls.ca, nil, tls.certificate, tls.key, noPassPhrase), "TLS files")
        // 1: the broker's certificate must be good. Host names are checked unless switched off, which happens nowhere.
        try check(mosquitto_tls_opts_set(handle, 1, nil, nil), "TLS verification")
    }

    private func set(_ will: Will) throws(ConnectionFailure) {
        var properties = PropertyList()
        try properties.add(MQTT_PROP_WILL_DELAY_INTERVAL, will.delaySeconds)
        if let expiry = will.message.expirySeconds {
            try properties.add(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, expiry)
        }
        let code = will.message.payload.withUnsafeBytes { bytes in
            mosquitto_will_set_v5(
                handle, will.message.topic, Int32(clamping: bytes.count), bytes.baseAddress, 1, will.message.isRetained,
                properties.head)
        }
        try check(code, "will")
        properties.handedOver()
    }

    private func check(_ code: Int32, _ what: String) throws(ConnectionFailure) {
        guard code == 0 else { throw ConnectionFailure("libmosquitto refuses the \(what): \(Library.text(code))") }
    }

    // MARK: - Connecting

    /// Resolves the host and opens the TCP connection; blocks until that is done or has failed.
    ///
    /// The non-blocking way is no way: with TLS and no broker it spins and never connects, and it takes no properties.
    func connect() throws(ConnectionFailure) {
        var properties = PropertyList()
        try properties.add(MQTT_PROP_SESSION_EXPIRY_INTERVAL, settings.sessionExpirySeconds)
        try check(
            mosquitto_connect_bind_v5(
                handle, settings.host, Int32(settings.port), Int32(settings.keepAliveSeconds), nil, properties.head))
    }

    /// Subscribes with quality of service 1.
    ///
    /// - Returns: the identifier its acknowledgement will have.
    func subscribe(to filter: TopicFilter) throws(ConnectionFailure) -> Int32 {
        var identifier: Int32 = 0
        let code = mosquitto_subscribe_v5(handle, &identifier, filter.text, 1, 0, nil)
        guard code == 0 else {
            throw ConnectionFailure("the subscription to \(filter) could not be sent: \(Library.text(code))")
        }
        return identifier
    }

    /// Sends a message with quality of service 1; only while connected.
    ///
    /// - Returns: the identifier its acknowledgement will have.
    func publish(_ message: Message) throws(PublishFailure) -> Int32 {
        // C would take it for the topic's end, and send to another one.
        guard !message.topic.utf8.contains(0) else { throw .message(Self.notATopic(message.topic)) }
        // The library checks this itself, but one byte short: a message just over the broker's limit passes its first
        // check, fails the second, and the second one's log line aborts the process.
        if let limit = maximumPacketBytes, packetBound(message) > limit {
            throw .message(.tooLarge(bytes: message.payload.count, limit: Int(limit)))
        }
        var properties = PropertyList()
        if let expiry = message.expirySeconds {
            do { try properties.add(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, expiry) } catch { throw .connection(error) }
        }
        var identifier: Int32 = 0
        let code = message.payload.withUnsafeBytes { bytes in
            mosquitto_publish_v5(
                handle, &identifier, message.topic, Int32(clamping: bytes.count), bytes.baseAddress, 1,
                message.isRetained, properties.head)
        }
        switch mosq_err_t(rawValue: code) {
        case MOSQ_ERR_SUCCESS: return identifier
        case MOSQ_ERR_OVERSIZE_PACKET, MOSQ_ERR_PAYLOAD_SIZE:
            throw .message(.tooLarge(bytes: message.payload.count, limit: settings.maximumPayloadBytes))
        case MOSQ_ERR_INVAL, MOSQ_ERR_MALFORMED_UTF8:
            throw .message(Self.notATopic(message.topic))
        case MOSQ_ERR_RETAIN_NOT_SUPPORTED, MOSQ_ERR_QOS_NOT_SUPPORTED:
            throw .message(.transport(Library.text(code)))
        default: throw .connection(failure(code, errno: errno))
        }
    }

    private static func notATopic(_ topic: String) -> BusError {
        .transport("\"\(topic)\" is not a topic a message can have")
    }

    /// An upper bound of the bytes of the whole PUBLISH packet (MQTT 5, section 3.3).
    private func packetBound(_ message: Message) -> Int {
        // Fixed header 5, topic length 2, packet identifier 2, property length 1, message expiry 5.
        15 + message.topic.utf8.count + message.payload.count
    }

    /// Says goodbye: the broker does not publish the will. The connection closes once this is written.
    func disconnect() throws(ConnectionFailure) {
        try check(mosquitto_disconnect_v5(handle, 0, nil))
    }

    // MARK: - Turning

    /// Waits for something to happen, does what is due, and answers what the broker said.
    ///
    /// `poll` rather than the library's own loop: that one uses `select`, which fails for good once the process has a
    /// descriptor of 1024 or more; and every return code of the parts ends the connection here, where the library's
    /// loops give up for ever after some (a broker killed under TLS) and retry after others.
    ///
    /// - Parameter wake: a descriptor whose readability ends the wait.
    func turn(wake: Int32, milliseconds: Int32) -> Turn {
        let before = calls
        var failure: ConnectionFailure?
        do { try work(wake: wake, milliseconds: milliseconds) } catch { failure = error }
        defer { events.removeAll() }
        return Turn(events: events, isQuiet: calls == before, failure: failure)
    }

    private func work(wake: Int32, milliseconds: Int32) throws(ConnectionFailure) {
        let socket = mosquitto_socket(handle)
        guard socket >= 0 else { throw ConnectionFailure("the connection is closed") }
        let writes = mosquitto_want_write(handle) ? Int16(POLLOUT) : 0
        var polled = [
            pollfd(fd: socket, events: Int16(POLLIN) | writes, revents: 0),
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        let count = poll(&polled, nfds_t(polled.count), milliseconds)
        guard count >= 0 || errno == EINTR else {
            throw ConnectionFailure("poll: \(String(cString: strerror(errno)))")
        }
        let ready = count > 0 ? polled[0].revents : 0
        if ready & ~Int16(POLLOUT) != 0 || settings.tls != nil { try read() }
        if ready & Int16(POLLOUT) != 0, isOpen { try check(mosquitto_loop_write(handle, 1)) }
        if isOpen { try check(mosquitto_loop_misc(handle)) }
    }

    /// Whether there is a connection, be it only the TCP one.
    var isOpen: Bool { mosquitto_socket(handle) >= 0 }

    /// Reads what has come.
    ///
    /// One call of the library's reads a packet or a few. Under TLS more can stand in the same record, which OpenSSL
    /// holds decrypted where `poll` does not see it; so this goes on while packets come, and looks again at every turn.
    private func read() throws(ConnectionFailure) {
        for _ in 0..<Self.maximumReads {
            let before = calls
            try check(mosquitto_loop_read(handle, 1))
            guard settings.tls != nil, calls != before, isOpen else { return }
        }
    }

    private func check(_ code: Int32) throws(ConnectionFailure) {
        let cause = errno
        guard code == 0 else { throw failure(code, errno: cause) }
    }

    /// More packets in a row than can be under way at once: 20 messages and 20 acknowledgements.
    private static let maximumReads = 64

    private func failure(_ code: Int32, errno: Int32) -> ConnectionFailure {
        for case .refused(let reasonCode) in events { return Self.refusal(reasonCode) }
        for case .closed(let reasonCode) in events where reasonCode >= 128 { return Self.closing(reasonCode) }
        if let tls = settings.tls,
            let failure = ConnectionFailure.explainingTLS(errorLines, host: settings.host, settings: tls)
        {
            return failure
        }
        switch mosq_err_t(rawValue: code) {
        case MOSQ_ERR_ERRNO:
            return ConnectionFailure("\(settings.host):\(settings.port): \(String(cString: strerror(errno)))")
        case MOSQ_ERR_EAI:
            return ConnectionFailure("\"\(settings.host)\" is not found: \(String(cString: gai_strerror(errno)))")
        case MOSQ_ERR_KEEPALIVE:
            return ConnectionFailure("the broker has been silent for \(settings.keepAliveSeconds) s")
        default: return ConnectionFailure("\(settings.host):\(settings.port): \(Library.text(code))")
        }
    }

    static func refusal(_ reasonCode: Int32) -> ConnectionFailure {
        ConnectionFailure(
            "the broker refuses the connection: \(Library.reason(reasonCode)) (reason code \(reasonCode))")
    }

    static func closing(_ reasonCode: Int32) -> ConnectionFailure {
        ConnectionFailure("the broker closed the connection: \(Library.reason(reasonCode)) (reason code \(reasonCode))")
    }
}
