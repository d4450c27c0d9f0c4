// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// The updates of a round, wherever they lie: a rule reads them one at a time, or some columns of all of them.
///
/// A rule that reads one at a time works in the memory of a few updates, however many agents took part. One that has to
/// see all agents at once asks for a few parameters of each: its memory does not grow with the size of the model.
///
///     try updates.readEach { row, parameters in sum.add(parameters, weight: weights[row]) }
///
/// It is read from several threads at once where a rule works on several blocks of columns.
public protocol UpdateSource {
    /// Who contributed, in agent order; nobody twice.
    var contributors: [Contributor] { get }

    /// How many columns ``load(_:of:into:)`` is best asked for at a time.
    var columnsAtOnce: Int { get }

    /// How many of the updates that ``readEach(_:)`` lends may be held on to at the same time; 8 unless said otherwise.
    var rowsAtOnce: Int { get }

    /// Lends each update, `[P]`, in the order of ``contributors``.
    ///
    /// - Throws: what `body` throws, or ``AggregationError/unreadable(agent:reason:)``.
    func readEach(
        _ body: (_ row: Int, _ parameters: ParameterVector) throws(AggregationError) -> Void
    ) throws(AggregationError)

    /// Copies some parameters of one update.
    ///
    /// - Parameters:
    ///   - columns: within the update, whose shape has been checked.
    ///   - target: room for `columns.count` numbers.
    /// - Throws: ``AggregationError/unreadable(agent:reason:)``.
    func load(_ columns: Range<Int>, of row: Int, into target: UnsafeMutablePointer<Float>) throws(AggregationError)
}

/// Who contributed an update, and what it says of it; the weights come from an ``UpdateSource``.
public struct Contributor: Sendable, Equatable {
    public var agent: AgentID
    /// Windows it says it trained on: a claim, which every rule has to cap.
    public var windows: Int
    /// How many versions have been made since the one it started from; 0 in a round that takes nothing else.
    public var staleness: Int

    public init(agent: AgentID, windows: Int, staleness: Int = 0) {
        self.agent = agent
        self.windows = windows
        self.staleness = staleness
    }
}

extension UpdateSource {
    public var rowsAtOnce: Int { 8 }

    /// Lends the updates ``rowsAtOnce`` at a time, the last ones fewer, each of the base's shape.
    ///
    /// Several at a time, since a sum that takes in many vectors is read and written once for all of them.
    ///
    /// - Throws: ``AggregationError/wrongShape(agent:found:expected:)``, or what `body` throws.
    func readGroups(
        count: Int, _ body: (_ rows: Range<Int>, _ group: [ParameterVector]) throws(AggregationError) -> Void
    ) throws(AggregationError) {
        let size = max(1, rowsAtOnce)
        var group: [ParameterVector] = []
        group.reserveCapacity(size)
        var first = 0
        try readEach { (row, parameters) throws(AggregationError) in
            guard parameters.count == count else {
                throw .wrongShape(agent: contributors[row].agent, found: parameters.count, expected: count)
            }
            group.append(parameters)
            guard group.count == size else { return }
            try body(first..<first + size, group)
            first += size
            group.removeAll(keepingCapacity: true)
        }
        if !group.isEmpty { try body(first..<first + group.count, group) }
    }

    /// The length of each update's way from `base`, `[n]`.
    ///
    /// - Throws: ``AggregationError``, also where an update holds a number that is not finite.
    func norms(from base: ParameterVector) throws(AggregationError) -> [Double] {
        var norms: [Double] = []
        try readEach { (row, parameters) throws(AggregationError) in
            let agent = contributors[row].agent
            guard parameters.count == base.count else {
                throw .wrongShape(agent: agent, found: parameters.count, expected: base.count)
            }
            // A length is finite exactly where all numbers are, so this spares reading all of them once more.
            let norm = EuclideanDistance.between(parameters, base)
            guard norm.isFinite else { throw .notFinite(agent: agent) }
            norms.append(norm)
        }
        return norms
    }

    /// Checks what can be checked without reading a weight, as each rule does first.
    func check(base: ParameterVector) throws(AggregationError) {
        guard !contributors.isEmpty else { throw .noContributions }
        guard base.isFinite else { throw .baseNotFinite }
        for (first, second) in zip(contributors, contributors.dropFirst()) {
            precondition(first.agent <= second.agent, "a source lists its contributors in agent order")
            guard first.agent != second.agent else { throw .duplicateAgent(first.agent) }
        }
    }

    /// Who contributed a number that is NaN or infinite, once a rule has seen that somebody did.
    func notFinite() -> AggregationError {
        do throws(AggregationError) {
            try readEach { (row, parameters) throws(AggregationError) in
                guard parameters.isFinite else { throw .notFinite(agent: contributors[row].agent) }
            }
        } catch {
            return error
        }
        return .baseNotFinite
    }
}
