// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// TCP on 127.0.0.1, for servers that tests start.
public enum Loopback {
    /// A port nobody listens on.
    ///
    /// Taken from below the system's ephemeral range: a client that keeps connecting to a port in that range while
    /// nobody listens there sooner or later connects to itself, and the port is then taken for good.
    public static func freePort() throws -> Int {
        for _ in 0..<200 {
            let port = Int.random(in: 20_000..<30_000)
            // A test that runs at the same time may have been given it and not listen yet.
            guard given.withLock({ $0.insert(port).inserted }) else { continue }
            if let descriptor = try? listen(on: port) {
                close(descriptor)
                return port
            }
        }
        throw TestKitError("no free port between 20000 and 30000")
    }

    /// Ports given out in this process.
    private static let given = Mutex<Set<Int>>([])

    /// Whether somebody accepts connections there.
    public static func answers(_ port: Int) -> Bool {
        guard let descriptor = try? connect(to: port) else { return false }
        close(descriptor)
        return true
    }

    /// A listening socket.
    public static func listen(on port: Int) throws -> Int32 {
        let descriptor = try open()
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard withAddress(port, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 64) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw TestKitError("can not listen on port \(port): \(reason)")
        }
        return descriptor
    }

    static func connect(to port: Int) throws -> Int32 {
        let descriptor = try open()
        guard withAddress(port, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw TestKitError("can not connect to port \(port): \(reason)")
        }
        return descriptor
    }

    private static func open() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestKitError("no socket: \(String(cString: strerror(errno)))") }
        return descriptor
    }

    private static func withAddress<Result>(
        _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001).bigEndian)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// Why something a test needs could not be had.
public struct TestKitError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
