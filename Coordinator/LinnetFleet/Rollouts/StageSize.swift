// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// How many agents a stage and all stages before it hold together: a number, or a share of all that are meant.
///
/// Written `1`, `10%` or `all`, in the configuration, on the command line and in JSON.
public enum StageSize: Sendable, Hashable, CustomStringConvertible {
    case count(Int)
    /// Above 0, at most 1.
    case share(Double)

    public static let all = StageSize.share(1)

    /// - Throws: ``RolloutPlanError/notASize(_:)`` for anything else than the three ways of writing it.
    public init(parsing text: String) throws(RolloutPlanError) {
        if text == "all" {
            self = .all
        } else if text.hasSuffix("%"), let percent = Double(text.dropLast()), percent > 0, percent <= 100 {
            self = .share(percent / 100)
        } else if let count = Int(text), (1...1_000_000).contains(count) {
            self = .count(count)
        } else {
            throw .notASize(String(text.prefix(40)))
        }
    }

    public var description: String {
        switch self {
        case .count(let count): "\(count)"
        case .share(1): "all"
        case .share(let share): "\(Percent.text(share))"
        }
    }

    /// Whether this holds less than another size whatever the fleet is; a number and a share can not be compared.
    func isSmaller(than other: StageSize) -> Bool {
        switch (other, self) {
        case (.count(let other), .count(let size)): size < other
        case (.share(let other), .share(let size)): size < other
        case (.share(1), .count): true
        case (.share, .count), (.count, .share): false
        }
    }

    /// Agents out of `total`; a share is rounded up, so that no stage is empty.
    public func agents(of total: Int) -> Int {
        switch self {
        case .count(let count): min(count, total)
        case .share(let share): min(total, Int((share * Double(total)).rounded(.up)))
        }
    }
}

extension StageSize: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Shares as people write them.
public enum Percent {
    /// Reads `95%` or `0.95` as 0.95.
    ///
    /// - Throws: ``RolloutPlanError/notAShare(_:found:)`` unless it lies between 0 and 1.
    public static func parse(_ text: String, of what: String) throws(RolloutPlanError) -> Double {
        let isPercent = text.hasSuffix("%")
        guard let number = Double(isPercent ? String(text.dropLast()) : text) else {
            throw .notAShare(what, found: String(text.prefix(40)))
        }
        let share = isPercent ? number / 100 : number
        guard (0...1).contains(share) else { throw .notAShare(what, found: String(text.prefix(40))) }
        return share
    }

    /// `10%`, `0.5%`: at most four digits behind the point.
    public static func text(_ share: Double) -> String {
        // A share is between 0 and 1, so the number is small.
        let scaled = (share * 1_000_000).rounded() / 10_000
        return scaled == scaled.rounded() ? "\(Int(scaled))%" : "\(scaled)%"
    }
}
