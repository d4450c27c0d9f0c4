// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFleet

/// Everything that is wrong with a plan on the command line, gathered so that it is told at once.
struct PlanProblems {
    private var texts: [String] = []

    mutating func add(_ text: String) { if !texts.contains(text) { texts.append(text) } }

    /// What `read` gives; `nil`, and a problem more, if it throws.
    mutating func note<Value>(_ read: () throws(RolloutPlanError) -> Value) -> Value? {
        do throws(RolloutPlanError) { return try read() } catch {
            add("\(error)")
            return nil
        }
    }

    mutating func share(_ text: String?, _ name: String) -> Double? {
        guard let text else { return nil }
        return note { () throws(RolloutPlanError) in try Percent.parse(text, of: name) }
    }

    mutating func windows(_ texts: [String]) -> [MaintenanceWindow] {
        texts.compactMap { text in
            note { () throws(RolloutPlanError) in try MaintenanceWindow(parsing: text) }
        }
    }

    mutating func seconds(_ text: String?, _ name: String) -> Int? {
        read(text, name, allowed: "a length of time like 90s, 30m, 2h or 7d") { Span(argument: $0)?.seconds }
    }

    mutating func whole(_ text: String?, _ name: String) -> Int? {
        read(text, name, allowed: "a whole number") { Int($0) }
    }

    mutating func number(_ text: String?, _ name: String) -> Double? {
        read(text, name, allowed: "a number") { Double($0).flatMap { $0.isFinite ? $0 : nil } }
    }

    private mutating func read<Value>(
        _ text: String?, _ name: String, allowed: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard let text else { return nil }
        guard let value = parse(text) else {
            add("\(name): \"\(text.prefix(40))\" is not \(allowed)")
            return nil
        }
        return value
    }

    /// - Throws: a usage failure with all that was noted, one a line.
    func finish() throws(CommandFailure) {
        guard !texts.isEmpty else { return }
        throw .usage(texts.joined(separator: "\n"))
    }
}
