// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

private let optimizers: [any ServerOptimizer] = [FedAvgM(), FedAdagrad(), FedYogi(), FedAdam()]

@Suite("Server optimizers")
struct ServerOptimizerTests {
    /// Two clients, who send the same weights three rounds long; the state passes through bytes.
    private func threeRounds(_ optimizer: any ServerOptimizer) throws -> [ParameterVector] {
        let rule = ServerRule(aggregation: FederatedAveraging(maximumWeight: 1000), optimizer: optimizer)
        let clients = try [contribution("a", [1, -0.5], windows: 10), contribution("b", [0.5, 0.5], windows: 30)]
        var model = ParameterVector([0, 0])
        var state = ServerState()
        var models: [ParameterVector] = []
        for _ in 0..<3 {
            let outcome = try rule.apply(to: clients, onto: model, state: state)
            model = outcome.parameters
            state = try ServerState(bytes: outcome.state.bytes)
            models.append(model)
        }
        return models
    }

    private func expect(_ models: [ParameterVector], _ expected: [[Double]], within tolerance: Double = 1e-6) {
        for (model, expected) in zip(models, expected) {
            #expect(isClose(model, expected, within: tolerance), "\(model.values) is not \(expected)")
        }
    }

    @Test("FedAvgM agrees with Flower over three rounds")
    func fedAvgM() throws {
        expect(
            try threeRounds(FedAvgM(learningRate: 0.5, momentum: 0.9)),
            [[0.3125, 0.125], [0.75, 0.3], [1.08125, 0.4325]])
    }

    @Test(
        "FedAdagrad agrees with Flower over three rounds, from Flower's start at zero and from the paper's at tau squared"
    )
    func fedAdagrad() throws {
        let expected = [[0.09984, 0.099602], [0.164092, 0.150975], [0.213205, 0.183012]]
        expect(try threeRounds(FedAdagrad(initialSquare: 0)), expected)
        expect(try threeRounds(FedAdagrad()), expected, within: 1e-5)
    }

    @Test("FedYogi agrees with Flower over three rounds from Flower's start at zero; the paper's start is tau squared")
    func fedYogi() throws {
        expect(
            try threeRounds(FedYogi(initialSquare: 0)),
            [[0.009843, 0.009615], [0.02312, 0.022658], [0.038598, 0.037873]])
        // First step from the paper's start, by hand: Δ = (0.625, 0.25), v = 1e-6 + 0.01 Δ², 0.001 Δ / (√v + 0.001).
        let first = [0.625, 0.25].map { 0.001 * $0 / ((1e-6 + 0.01 * $0 * $0).squareRoot() + 0.001) }
        expect(try threeRounds(FedYogi()), [first])
    }

    @Test("FedAdam's exponent is the round; with Flower's, which is one more, it agrees with Flower over three rounds")
    func fedAdam() throws {
        expect(
            try threeRounds(FedAdam(correction: .flower)),
            [[0.073077, 0.07139], [0.157299, 0.152557], [0.245694, 0.233163]])
        // First step by hand: η √0.01 / 0.1 = 0.1, m = 0.1 Δ, √v = 0.1 Δ: nearly η. Flower's is a quarter shorter.
        let first = [0.625, 0.25].map { 0.1 * (0.1 * $0) / (0.1 * $0 + 0.001) }
        expect(try threeRounds(FedAdam()), [first])
        // For Δ = 1 the reference gives 0.0990 for the textbook and 0.0735 for Flower.
        let (one, zero) = (ParameterVector([1]), ParameterVector([0]))
        #expect(isClose(try FedAdam().step(from: zero, towards: one, state: .init()).parameters, [0.1 * 0.1 / 0.101]))
        let uncorrected = try FedAdam(correction: .none).step(from: zero, towards: one, state: .init()).parameters
        #expect(isClose(uncorrected, [0.1 * 0.1 / ((0.01 + 0.99e-6).squareRoot() + 0.001)]))
    }

    @Test("a step that no Float holds is refused, and nothing of it is kept", arguments: optimizers.indices)
    func overflow(index: Int) throws {
        let optimizer = optimizers[index]
        let most = Float.greatestFiniteMagnitude
        #expect(throws: AggregationError.resultNotFinite(rule: optimizer.name)) {
            _ = try optimizer.step(from: ParameterVector([-most]), towards: ParameterVector([most]), state: .init())
        }
    }

    @Test("the memory of another optimizer or another model is refused", arguments: optimizers.indices)
    func foreignState(index: Int) throws {
        let optimizer = optimizers[index]
        let other = optimizers[(index + 1) % optimizers.count]
        let (base, target) = (ParameterVector([0, 0]), ParameterVector([1, 1]))
        let state = try optimizer.step(from: base, towards: target, state: .init()).state

        #expect(throws: AggregationError.foreignState(found: optimizer.stateKind, expected: other.stateKind)) {
            _ = try other.step(from: base, towards: target, state: state)
        }
        #expect(throws: AggregationError.wrongStateShape(found: 2, expected: 3)) {
            _ = try optimizer.step(
                from: ParameterVector([0, 0, 0]), towards: ParameterVector([1, 1, 1]), state: state)
        }
    }

    @Test(
        "a run that goes through bytes after every round gives the bits of one that does not",
        arguments: optimizers.indices)
    func resumed(index: Int) throws {
        let rule = ServerRule(
            clipping: AdaptiveClipping(), aggregation: FederatedAveraging(maximumWeight: 50),
            optimizer: optimizers[index])
        var (model, resumed) = (ParameterVector(repeating: 0, count: 33), ParameterVector(repeating: 0, count: 33))
        var (state, stored) = (ServerState(), ServerState().bytes)
        for round in 0..<6 {
            let updates = try crowd(8, parameters: 33, malicious: 1, seed: UInt64(round))
            let outcome = try rule.apply(to: updates, onto: model, state: state)
            (model, state) = (outcome.parameters, outcome.state)
            let again = try rule.apply(to: updates.reversed(), onto: resumed, state: ServerState(bytes: stored))
            (resumed, stored) = (again.parameters, again.state.bytes)
            #expect(outcome.zeroed.count == 1)
        }

        #expect(model.values.map(\.bitPattern) == resumed.values.map(\.bitPattern))
        #expect(state.bytes == stored)
        #expect(state.optimizer.steps == 6)
    }
}

@Suite("Server state as bytes")
struct ServerStateTests {
    private func example() throws -> ServerState {
        ServerState(
            optimizer: try ServerOptimizerState(
                kind: "fedavgm", steps: 3, momentum: [1, -0.5], secondMoment: []),
            clipping: nil)
    }

    private func full() throws -> ServerState {
        ServerState(
            optimizer: try ServerOptimizerState(
                kind: "fedadam", steps: 9, momentum: [1, -0.5, 0], secondMoment: [0, 1e-30, 3]),
            clipping: try AdaptiveClippingState(zeroing: 10, clipping: 0.25))
    }

    @Test("the bytes are those that the format describes")
    func golden() throws {
        let expected: [UInt8] = [
            0x4C, 0x4E, 0x53, 0x53, 0x01, 0x00, 0x00, 0x07, 0x66, 0x65, 0x64, 0x61, 0x76, 0x67, 0x6D, 0x03, 0x00, 0x00,
            0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x00, 0xBF,
        ]
        #expect(try example().bytes == expected)
        #expect(try ServerState(bytes: expected) == example())
    }

    @Test("a state comes back from its bytes and from JSON as it was")
    func roundTrip() throws {
        for state in [ServerState(), try example(), try full()] {
            #expect(try ServerState(bytes: state.bytes) == state)
            #expect(try JSONDecoder().decode(ServerState.self, from: JSONEncoder().encode(state)) == state)
        }
    }

    @Test("bytes that end early or late are refused")
    func truncated() throws {
        let bytes = try full().bytes
        for length in bytes.indices {
            #expect(throws: ServerStateError.self) { try ServerState(bytes: Array(bytes[..<length])) }
        }
        #expect(throws: ServerStateError.wrongLength(found: bytes.count + 1, expected: bytes.count)) {
            try ServerState(bytes: bytes + [0])
        }
    }

    @Test("no flipped bit traps, and what is read is plausible")
    func flipped() throws {
        let bytes = try full().bytes
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                guard let state = try? ServerState(bytes: changed) else { continue }
                #expect(state.optimizer.momentum.allSatisfy { $0.isFinite })
                #expect(state.optimizer.secondMoment.allSatisfy { $0.isFinite && $0 >= 0 })
                // A state that can be read is written back as it was.
                #expect(state.bytes == changed)
            }
        }
    }

    @Test("a head that claims four billion numbers is refused at once")
    func hugeClaim() throws {
        var bytes = try example().bytes
        for index in 19..<27 { bytes[index] = 0xFF }
        #expect(throws: ServerStateError.wrongLength(found: bytes.count, expected: 27 + 8 * Int(UInt32.max))) {
            try ServerState(bytes: bytes)
        }
        bytes[4] = 2
        #expect(throws: ServerStateError.unknownRevision(2)) { try ServerState(bytes: bytes) }
        bytes[0] = 0
        #expect(throws: ServerStateError.notAServerState) { try ServerState(bytes: bytes) }
    }
}
