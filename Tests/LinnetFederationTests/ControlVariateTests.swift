// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

@Suite("Control variates on their way and at rest")
struct ControlVariateTests {
    private func changes(_ values: [[Float]]) -> [Contribution] {
        values.enumerated().map {
            Contribution(
                agent: AgentID(checked: "a\($0.offset)"), parameters: ParameterVector($0.element),
                windows: 10 + $0.offset)
        }
    }

    @Test("the fleet's file holds one list of as many finite numbers as the base, and nothing else")
    func file() throws {
        let control = try ControlVariate(ParameterVector([0.5, -1]))
        let format = ["format": ControlVariate.format]
        #expect(try ControlVariate(tensors: [control.tensor], metadata: format, count: 2) == control)
        let other = Tensor(name: "other", list: .float32([1]))
        for (tensors, metadata, count) in [
            ([control.tensor], ["format": "linnet-model/1"], 2), ([control.tensor], format, 3), ([], format, 2),
            ([control.tensor, other], format, 2), ([Tensor(name: "control", list: .int32([1, 2]))], format, 2),
            ([Tensor(name: "control", list: .float32([1, .nan]))], format, 2),
        ] {
            #expect(throws: CompressionError.self) {
                try ControlVariate(tensors: tensors, metadata: metadata, count: count)
            }
        }
        #expect(throws: CompressionError.notFinite) { try ControlVariate(ParameterVector([.infinity])) }
        let taken = try #require(try ControlVariate.taken(from: [other, control.tensor], count: 2))
        #expect(taken.control == control && taken.others == [other])
        #expect(try ControlVariate.taken(from: [other], count: 2) == nil)
    }

    @Test("the fleet's moves as the paper says, the same bits in whatever order changes come, and is stored as bytes")
    func next() throws {
        let some: [[Float]] = [[1, 0], [0, 1], [-0.5, 0.5]]
        var server = ScaffoldServer(count: 2, agents: 6)
        var state = ServerOptimizerState()
        for round in 1...3 {
            let values = some.map { $0.map { $0 * Float(round) } }
            let updates = changes(values).map { ScaffoldUpdate(contribution: $0, controlChange: $0.parameters) }
            _ = try server.apply(updates, onto: ParameterVector([0, 0]))
            let source = ContributedUpdates(changes(values).reversed())
            state = try ControlVariate.next(after: state, changes: source, agents: 6, count: 2)
        }
        let fleet = try #require(ControlVariate.fleet(in: state, count: 2))
        for i in 0..<2 { #expect(abs(fleet[i] - server.control[i]) < 1e-6) }
        #expect(state.steps == 3 && ControlVariate.fleet(in: state, count: 3) == nil)
        #expect(try ServerState(bytes: ServerState(optimizer: state).bytes).optimizer == state)
        #expect(ControlVariate.fleet(in: ServerOptimizerState(), count: 2) == nil)
    }

    @Test("one absurd change moves the fleet's by no more than three times what is usual")
    func held() throws {
        let honest: [[Float]] = [[0.1, 0], [0, 0.1], [0.1, 0.1]]
        let source = ContributedUpdates(changes(honest + [[1e6, 1e6]]))
        let state = try ControlVariate.next(after: ServerOptimizerState(), changes: source, agents: 4, count: 2)
        #expect(try #require(ControlVariate.fleet(in: state, count: 2)).norm < 0.3)
    }
}
