// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetTestKit
import Synchronization

/// A server that answers each packet of a client with the next bytes of a script, and then hangs up: says what no real
/// broker can be made to say.
final class ScriptedBroker: Sendable {
    /// An MQTT 5 CONNACK without properties (section 3.2).
    static func connectionAnswer(_ reasonCode: UInt8) -> [UInt8] { [0x20, 3, 0, reasonCode, 0] }

    let port: Int
    private let accepted = Mutex(0)
    private let isOver = Mutex(false)

    /// - Parameter script: the answers of the n-th connection, n from 0 on. An answer may name the packet identifier of
    ///   the packet it answers by `nil` (two bytes).
    init(_ script: @escaping @Sendable (Int) -> [[UInt8?]]) throws {
        port = try Loopback.freePort()
        let listener = try Loopback.listen(on: port)
        Thread.detachNewThread { [weak self] in
            while let self, !self.isOver.withLock({ $0 }) {
                var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
                guard poll(&waiting, 1, 10) > 0 else { continue }
                let client = accept(listener, nil, nil)
                guard client >= 0 else { continue }
                let number = self.accepted.withLock { count in
                    defer { count += 1 }
                    return count
                }
                Self.serve(client, script(number))
            }
            close(listener)
        }
    }

    /// How often a client has come.
    var connections: Int { accepted.withLock { $0 } }

    func stop() { isOver.withLock { $0 = true } }

    private static func serve(_ client: Int32, _ answers: [[UInt8?]]) {
        defer { close(client) }
        var packet = [UInt8](repeating: 0, count: 4096)
        for answer in answers {
            // Every packet that these tests provoke is short, and comes in one piece.
            let count = read(client, &packet, packet.count)
            guard count > 0 else { return }
            var bytes: [UInt8] = []
            for byte in answer { bytes += byte.map { [$0] } ?? Array(packet[2..<4]) }
            guard send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return }
        }
        // Lets the last answer be read before the connection is reset.
        usleep(20_000)
    }
}
