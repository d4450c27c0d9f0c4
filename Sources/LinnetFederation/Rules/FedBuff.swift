// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// Makes a version as soon as a buffer of updates is full, however old the versions they started from.
///
/// Nguyen et al. 2022 (arXiv 2106.06639), algorithm 1: `w ← w + η (1/K) Σ s(τ_i) Δ_i` over the K updates of the buffer.
/// `Δ_i` is the difference from **the version the agent started from**: against the current version it would take back
/// what others contributed since. Updates count the same but for their age. One agent has one place in a buffer.
public struct FedBuff: AggregationStrategy, Equatable {
    /// How many updates fill the buffer, K.
    public let bufferSize: Int
    /// The step's length, η.
    public let learningRate: Double
    /// How age counts, s.
    public let discount: StalenessDiscount
    /// The age at which an update is refused.
    public let maximumStaleness: Int

    /// - Parameters:
    ///   - bufferSize: at least 1.
    ///   - learningRate: finite, above 0.
    ///   - maximumStaleness: at least 0.
    public init(
        bufferSize: Int = 10, learningRate: Double = 1, discount: StalenessDiscount = .polynomial(exponent: 0.5),
        maximumStaleness: Int = 20
    ) {
        precondition(bufferSize >= 1, "a buffer holds at least 1 update, got \(bufferSize)")
        precondition(learningRate.isFinite && learningRate > 0, "the learning rate is finite and above 0")
        precondition(maximumStaleness >= 0, "the largest staleness is at least 0, got \(maximumStaleness)")
        self.bufferSize = bufferSize
        self.learningRate = learningRate
        self.discount = discount
        self.maximumStaleness = maximumStaleness
    }

    public var name: String {
        "fedbuff(buffer \(bufferSize), learning rate \(learningRate), up to \(maximumStaleness) versions old)"
    }

    /// Combines updates that all started from the current version: FedBuff with every τ = 0.
    public func aggregate(
        _ updates: any UpdateSource, onto base: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        try aggregate(updates, origins: [:], onto: base)
    }

    /// Combines the updates of a buffer, reading each once.
    ///
    /// - Parameters:
    ///   - updates: at least one; K is their number, and each says how stale it is.
    ///   - origins: the versions that updates started from, by staleness, `[P]` each; that of 0 is the current one.
    ///   - current: the current version, `[P]`.
    /// - Returns: `[P]`, all finite.
    /// - Throws: ``AggregationError``.
    public func aggregate(
        _ updates: any UpdateSource, origins: [Int: ParameterVector], onto current: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        try updates.check(base: current)
        var step = [Double](repeating: 0, count: current.count)
        try updates.readEach { (row, parameters) throws(AggregationError) in
            let contributor = updates.contributors[row]
            let origin = contributor.staleness == 0 ? current : origins[contributor.staleness]
            guard (0...maximumStaleness).contains(contributor.staleness), let origin else {
                throw .tooStale(
                    agent: contributor.agent, staleness: contributor.staleness, maximum: maximumStaleness)
            }
            try add(parameters, from: origin, of: contributor, to: &step)
        }
        return try moved(current, by: step, count: updates.contributors.count)
    }

    /// Combines the updates of a buffer.
    ///
    /// - Parameters:
    ///   - updates: at least one, at most one an agent; K is their number.
    ///   - current: the current version, `[P]`.
    /// - Returns: `[P]`, all finite; the same bits in whatever order the updates arrived.
    /// - Throws: ``AggregationError``.
    public func aggregate(
        _ updates: [BufferedUpdate], onto current: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        var step = [Double](repeating: 0, count: current.count)
        for update in try screened(updates, current: current) {
            let contributor = Contributor(
                agent: update.contribution.agent, windows: update.contribution.windows, staleness: update.staleness)
            try add(update.contribution.parameters, from: update.base, of: contributor, to: &step)
        }
        return try moved(current, by: step, count: updates.count)
    }

    /// Adds `s(τ) Δ` of one update.
    private func add(
        _ parameters: ParameterVector, from origin: ParameterVector, of contributor: Contributor,
        to step: inout [Double]
    ) throws(AggregationError) {
        for vector in [parameters, origin] where vector.count != step.count {
            throw .wrongShape(agent: contributor.agent, found: vector.count, expected: step.count)
        }
        guard parameters.isFinite else { throw .notFinite(agent: contributor.agent) }
        guard origin.isFinite else { throw .baseNotFinite }
        let weight = discount.weight(staleness: contributor.staleness)
        parameters.withUnsafeBufferPointer { values in
            origin.withUnsafeBufferPointer { origin in
                step.withUnsafeMutableBufferPointer { step in
                    for i in step.indices { step[i] += weight * (Double(values[i]) - Double(origin[i])) }
                }
            }
        }
    }

    private func moved(
        _ current: ParameterVector, by step: [Double], count: Int
    ) throws(AggregationError) -> ParameterVector {
        let factor = learningRate / Double(count)
        let next = ParameterVector(zip(current.values, step).map { Float(Double($0) + factor * $1) })
        guard next.isFinite else { throw .resultNotFinite(rule: name) }
        return next
    }

    /// Moves each update to the current version, shortened for its age: `w + s(τ_i) Δ_i`.
    ///
    /// What a robust rule takes in place of the plain mean, when a buffer may hold malicious updates.
    ///
    /// - Throws: ``AggregationError``, as aggregating does.
    public func rebased(
        _ updates: [BufferedUpdate], onto current: ParameterVector
    ) throws(AggregationError) -> [Contribution] {
        var rebased: [Contribution] = []
        for update in try screened(updates, current: current) {
            let weight = discount.weight(staleness: update.staleness)
            var contribution = update.contribution
            var moved = current
            for i in 0..<current.count {
                let difference = Double(contribution.parameters[i]) - Double(update.base[i])
                moved[i] = Float(Double(current[i]) + weight * difference)
            }
            guard moved.isFinite else { throw .notFinite(agent: contribution.agent) }
            contribution.parameters = moved
            rebased.append(contribution)
        }
        return rebased
    }

    /// The updates in agent order, once all are fit to be added up.
    private func screened(
        _ updates: [BufferedUpdate], current: ParameterVector
    ) throws(AggregationError) -> [BufferedUpdate] {
        let sorted = updates.sorted { $0.contribution.agent < $1.contribution.agent }
        let contributed = ContributedUpdates(sorted.map(\.contribution))
        try contributed.check(base: current)
        _ = try contributed.norms(from: current)
        for update in sorted {
            let agent = update.contribution.agent
            guard (0...maximumStaleness).contains(update.staleness) else {
                throw .tooStale(agent: agent, staleness: update.staleness, maximum: maximumStaleness)
            }
            guard update.base.count == current.count else {
                throw .wrongShape(agent: agent, found: update.base.count, expected: current.count)
            }
            guard update.base.isFinite else { throw .baseNotFinite }
        }
        return sorted
    }
}
