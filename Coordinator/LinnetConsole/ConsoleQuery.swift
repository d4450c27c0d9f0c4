// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import LinnetDomain

/// The query of a request, checked: an unknown or malformed parameter is an error that names it.
struct ConsoleQuery {
    private let values: [String: String]

    init(_ request: Request, allowed: Set<String>) throws {
        var values: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            guard allowed.contains(String(name)) else {
                let known = allowed.sorted().joined(separator: ", ")
                throw HTTPError(
                    .badRequest, message: "there is no parameter \"\(name.prefix(40))\" here; known: \(known)")
            }
            values[String(name)] = String(value)
        }
        self.values = values
    }

    func limit() throws -> Int { Int(try number("limit", default: 100, in: 1...Int64(ConsoleRouter.maximumLimit))) }

    /// From where on rows are wanted, and in which order.
    enum Rows {
        case after(Int64)
        /// Newest first.
        case before(Int64)
    }

    func rows() throws -> Rows {
        switch values["order"] ?? "oldest" {
        case "oldest" where values["before"] == nil:
            return .after(try number("after", default: 0, in: 0...Int64.max))
        case "newest" where values["after"] == nil:
            return .before(try number("before", default: Int64.max, in: 0...Int64.max))
        case "oldest", "newest":
            throw HTTPError(
                .badRequest, message: "\"after\" goes with order=oldest, and \"before\" with order=newest")
        case let other:
            throw HTTPError(.badRequest, message: "\"order\" is \"\(other.prefix(40))\"; it is oldest or newest")
        }
    }

    func identifier<ID: Identifier>(_ name: String) throws -> ID? {
        guard let text = values[name] else { return nil }
        do throws(IdentifierError) { return try ID(text) } catch {
            throw HTTPError(.badRequest, message: "\"\(name)\": \(error)")
        }
    }

    /// One of some words; `nil` where nothing is said.
    func choice(_ name: String, of allowed: [String]) throws -> String? {
        guard let text = values[name] else { return nil }
        guard allowed.contains(text) else {
            throw HTTPError(
                .badRequest,
                message: "\"\(name)\" is \"\(text.prefix(40))\"; it is \(allowed.joined(separator: " or "))")
        }
        return text
    }

    private func number(_ name: String, default value: Int64, in range: ClosedRange<Int64>) throws -> Int64 {
        guard let text = values[name] else { return value }
        guard let number = Int64(text), range.contains(number) else {
            throw HTTPError(
                .badRequest,
                message: "\"\(name)\" is \"\(text.prefix(40))\"; it is a whole number from \(range.lowerBound) to "
                    + "\(range.upperBound)")
        }
        return number
    }
}
