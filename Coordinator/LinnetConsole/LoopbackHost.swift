// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Refuses requests that call this machine by another name than its own.
///
/// An API on loopback is safe from other machines, but not from pages of theirs in a browser on this one: a name of theirs may
/// be made to point to 127.0.0.1 (DNS rebinding), and their script may then read what comes. Their name still stands in the
/// request.
struct LoopbackHost<Context: RequestContext>: RouterMiddleware {
    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws
        -> Response
    {
        let authority = request.head.authority ?? ""
        guard Self.isLoopback(authority) else {
            throw HTTPError(
                .misdirectedRequest,
                message:
                    "this API is called localhost or 127.0.0.1, and not \"\(authority.prefix(80))\"; a proxy in front "
                    + "of it must set the host")
        }
        return try await next(request, context)
    }

    /// Whether an authority, with or without a port, names this machine beyond doubt.
    static func isLoopback(_ authority: String) -> Bool {
        var host = authority.lowercased()[...]
        if let colon = host.lastIndex(of: ":"), host[colon...].dropFirst().allSatisfy(\.isNumber) {
            host = host[..<colon]
        }
        if host == "localhost" || host == "[::1]" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }
}
