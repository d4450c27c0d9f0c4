// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Finds TCP ports on loopback that nobody listens on.
enum FreePort {
    /// Below the kernel's range for outgoing connections (32768–60999): a client that keeps trying a port of that range
    /// while its server is down can, by TCP's simultaneous open, end up connected to itself and keep the server out.
    private static let range = 20_000...32_000

    /// - Returns: `count` different ports that were free a moment ago.
    static func find(_ count: Int) throws(CommandFailure) -> [Int] {
        var found: [Int] = []
        for _ in 0..<1000 where found.count < count {
            let port = Int.random(in: range)
            if !found.contains(port), isFree(port) { found.append(port) }
        }
        guard found.count == count else {
            throw .failed(
                "no \(count) free ports on 127.0.0.1 in \(range.lowerBound) to \(range.upperBound); is loopback up?")
        }
        return found
    }

    private static func isFree(_ port: Int) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
