// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import Synchronization

/// The accepted updates of a training round as a rule reads them: one at a time out of the store.
///
/// A rule that reads them one after the other has only those in memory that it adds up. One that reads columns gets them
/// from a ``WeightsCopy``, which is made at the first such read and gone with this value.
public final class StoredUpdates: UpdateSource {
    public let contributors: [Contributor]
    /// Who sent what, in agent order.
    public let headers: [UpdateHeader]
    private let store: any FleetStore
    private let part: Part
    private let round: Int
    private let memoryLimit: Int
    private let copy = Mutex<WeightsCopy?>(nil)
    private let failure = Mutex<(any Error)?>(nil)

    /// What is read of each update.
    public enum Part: Sendable {
        case weights
        /// The change of the agent's control variate.
        case control
    }

    /// - Parameters:
    ///   - headers: of the accepted updates, one an agent.
    ///   - base: the version that the round started from; how stale an update is counts from there.
    ///   - part: what is read of each.
    ///   - memoryLimit: bytes of weights up to which a copy is kept in memory.
    public init(
        _ headers: [UpdateHeader], of round: Int, base: ModelVersion, in store: any FleetStore,
        reading part: Part = .weights,
        memoryLimit: Int = 64 * 1024 * 1024
    ) {
        self.headers = headers.sorted { $0.agent < $1.agent }
        contributors = self.headers.map { header in
            Contributor(
                agent: header.agent, windows: header.windows,
                staleness: LateUpdates.staleness(of: header, base: base))
        }
        self.part = part
        self.round = round
        self.memoryLimit = memoryLimit
        self.store = store
    }

    /// What the store or the disk threw; then it is not the updates' fault that nothing came of them.
    public var storeFailure: (any Error)? { failure.withLock { $0 } }

    /// Large enough for a file, small enough for a thousand agents' pieces to stay in the second cache.
    public var columnsAtOnce: Int { 1024 }

    public func readEach(
        _ body: (_ row: Int, _ parameters: ParameterVector) throws(AggregationError) -> Void
    ) throws(AggregationError) {
        let copy = copy.withLock { $0 }
        for row in headers.indices {
            let parameters: ParameterVector
            if let copy {
                parameters = try reading(row) { try copy.row(row) }
            } else {
                parameters = try stored(row)
            }
            try body(row, parameters)
        }
    }

    public func load(_ columns: Range<Int>, of row: Int, into target: UnsafeMutablePointer<Float>)
        throws(AggregationError)
    {
        let copy = try wholeCopy()
        try reading(row) { try copy.load(columns, of: row, into: target) }
    }

    private func wholeCopy() throws(AggregationError) -> WeightsCopy {
        try copy.withLock { copy throws(AggregationError) in
            if let copy { return copy }
            let count = try stored(0).count
            let made = try reading(0) {
                try WeightsCopy(
                    rows: headers.count, columns: count, memoryLimit: memoryLimit, directory: store.scratchDirectory
                ) { row in
                    let parameters = try stored(row)
                    guard parameters.count == count else {
                        throw AggregationError.wrongShape(
                            agent: contributors[row].agent, found: parameters.count, expected: count)
                    }
                    return parameters
                }
            }
            copy = made
            return made
        }
    }

    /// The weights of one update, from its file in the store.
    private func stored(_ row: Int) throws(AggregationError) -> ParameterVector {
        let agent = contributors[row].agent
        if part == .control {
            let control = try reading(row) { try store.updateControl(of: round, agent: agent) }
            guard let control else { throw .unreadable(agent: agent, reason: "its control variate is not stored") }
            return control
        }
        let body = try reading(row) { try store.updateBody(of: round, agent: agent) }
        guard let body else { throw .unreadable(agent: agent, reason: "it is not stored any more") }
        do throws(VersionMakingError) {
            return try VersionMaking.artifact(body).parameters
        } catch {
            throw .unreadable(agent: agent, reason: "\(error)")
        }
    }

    private func reading<Value>(_ row: Int, _ body: () throws -> Value) throws(AggregationError) -> Value {
        do { return try body() } catch let error as AggregationError {
            throw error
        } catch {
            failure.withLock { $0 = $0 ?? error }
            throw .unreadable(agent: contributors[row].agent, reason: "\(error)")
        }
    }
}
