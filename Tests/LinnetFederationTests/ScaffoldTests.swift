// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

@Suite("SCAFFOLD")
struct ScaffoldTests {
    /// A participant whose loss is `curvature / 2 (x - optimum)²`.
    private struct Quadratic {
        var curvature: Float
        var optimum: Float
    }

    private func train(
        _ client: Quadratic, from base: Float, correction: Float, steps: Int, learningRate: Float
    ) -> Float {
        var y = base
        for _ in 0..<steps { y -= learningRate * (client.curvature * (y - client.optimum) + correction) }
        return y
    }

    /// Rounds with everybody in them; `corrects` false is FedAvg.
    private func rounds(
        _ count: Int, of fleet: [Quadratic], from start: Float, steps: Int, learningRate: Float, corrects: Bool = true
    ) throws -> [(model: Float, server: Float, clients: [Float])] {
        var server = ScaffoldServer(count: 1, agents: fleet.count)
        var clients = fleet.map { _ in ScaffoldClient(count: 1) }
        var model = ParameterVector([start])
        return try (0..<count).map { _ in
            var updates: [ScaffoldUpdate] = []
            for (i, quadratic) in fleet.enumerated() {
                let correction = corrects ? clients[i].correction(server: server.control)[0] : 0
                let trained = ParameterVector([
                    train(
                        quadratic, from: model[0], correction: correction, steps: steps, learningRate: learningRate)
                ])
                let change = clients[i].finish(
                    from: model, to: trained, server: server.control, steps: steps, learningRate: learningRate)
                updates.append(
                    ScaffoldUpdate(
                        contribution: Contribution(agent: try AgentID("agent-\(i)"), parameters: trained, windows: 1),
                        controlChange: change))
            }
            model = try server.apply(updates.reversed(), onto: model)
            return (model[0], server.control[0], clients.map { $0.control[0] })
        }
    }

    @Test("three rounds of two participants are those of the paper's algorithm")
    func vector() throws {
        let fleet = [Quadratic(curvature: 1, optimum: 0), Quadratic(curvature: 4, optimum: 1)]
        let found = try rounds(3, of: fleet, from: 2, steps: 3, learningRate: 0.1)

        // Computed in Python, in double precision, straight from algorithm 1 with option II.
        let expected: [(Double, Double, [Double])] = [
            (1.337000, 2.210000, [1.806667, 2.613333]),
            (1.008608, 1.094642, [1.168768, 1.020516]),
            (0.871347, 0.457536, [0.918274, -0.003203]),
        ]
        for (found, expected) in zip(found, expected) {
            #expect(abs(Double(found.model) - expected.0) < 1e-5)
            #expect(abs(Double(found.server) - expected.1) < 1e-5)
            for (found, expected) in zip(found.clients, expected.2) { #expect(abs(Double(found) - expected) < 1e-5) }
        }
    }

    @Test("where plain averaging drifts to a model that suits nobody, control variates lead to the fleet's optimum")
    func drift() throws {
        let fleet = [Quadratic(curvature: 1, optimum: 0), Quadratic(curvature: 10, optimum: 1)]
        // The least of both losses together: Σ curvature · optimum / Σ curvature.
        let optimum: Float = 10.0 / 11

        let averaged = try rounds(200, of: fleet, from: 0, steps: 20, learningRate: 0.05, corrects: false)
        let corrected = try rounds(200, of: fleet, from: 0, steps: 20, learningRate: 0.05)

        // By hand: after many rounds x = (0.95²⁰ x + 1) / 2.
        #expect(abs((averaged.last?.model ?? 0) - 0.6091) < 1e-3)
        #expect(abs((corrected.last?.model ?? 0) - optimum) < 1e-3)
    }

    @Test("with one participant of many in a round the fleet's control variate moves by its share")
    func partial() throws {
        var server = ScaffoldServer(count: 2, agents: 4, learningRate: 0.5)
        let update = ScaffoldUpdate(
            contribution: try contribution("a", [3, 5]), controlChange: ParameterVector([8, -4]))

        let next = try server.apply([update], onto: ParameterVector([1, 1]))

        #expect(next.values == [2, 3])
        #expect(server.control.values == [2, -1])
    }

    @Test("an update that is not finite, misshapen or there twice changes nothing")
    func refused() throws {
        let good = ScaffoldUpdate(contribution: try contribution("a", [1]), controlChange: ParameterVector([1]))
        var server = ScaffoldServer(count: 1, agents: 2)
        let before = server
        let base = ParameterVector([0])
        var sick = good
        sick.controlChange = ParameterVector([.nan])
        var long = good
        long.controlChange = ParameterVector([1, 2])

        let agent = good.contribution.agent
        #expect(throws: AggregationError.notFinite(agent: agent)) { try server.apply([sick], onto: base) }
        #expect(throws: AggregationError.wrongShape(agent: agent, found: 2, expected: 1)) {
            try server.apply([long], onto: base)
        }
        #expect(throws: AggregationError.duplicateAgent(agent)) { try server.apply([good, good], onto: base) }
        #expect(throws: AggregationError.noContributions) { try server.apply([], onto: base) }
        #expect(throws: AggregationError.wrongStateShape(found: 1, expected: 2)) {
            try server.apply([good], onto: ParameterVector([0, 0]))
        }
        #expect(server == before)
    }

    @Test("a training without a step leaves the control variate as it is")
    func noStep() {
        var client = ScaffoldClient(count: 1)
        let origin = ParameterVector([1])

        let change = client.finish(
            from: origin, to: origin, server: ParameterVector([5]), steps: 0, learningRate: 0.1)

        #expect(change.values == [0])
        #expect(client == ScaffoldClient(count: 1))
    }
}

@Suite("Local layers")
struct LocalLayersTests {
    @Test("what is local stays out of the update and comes back after a download")
    func there() {
        let local = LocalLayers([2..<5, 5..<6])
        let base = ParameterVector([0, 0, 0, 0, 0, 0])
        let trained = ParameterVector([1, 2, 3, 4, 5, 6])

        #expect(local.shared(trained, base: base).values == [1, 2, 0, 0, 0, 0])
        #expect(local.merged(ParameterVector([9, 9, 9, 9, 9, 9]), own: trained).values == [9, 9, 3, 4, 5, 6])
        #expect(local.cleared(trained).values == [1, 2, 0, 0, 0, 0])
    }

    @Test("none leaves everything to the fleet")
    func none() {
        let (mine, global) = (ParameterVector([1, 2]), ParameterVector([3, 4]))
        let none = LocalLayers([])
        #expect(none.merged(global, own: mine) == global)
        #expect(none.shared(mine, base: global) == mine && none.cleared(mine) == mine)
    }

    @Test(
        "a version says which of its parts are each agent's own, and one of a fleet that shares everything says nothing"
    )
    func provenance() {
        var provenance = ["round": "3"]
        LocalLayers.note([], in: &provenance)
        #expect(provenance == ["round": "3"] && LocalLayers.parts(in: provenance).isEmpty)
        LocalLayers.note(["layers.4", "last"], in: &provenance)
        #expect(LocalLayers.parts(in: provenance) == ["layers.4", "last"])
    }
}
