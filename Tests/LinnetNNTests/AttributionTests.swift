// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics
import Testing

@Suite("Attribution")
struct AttributionTests {
    @Test("of a linear function every player's value is its own part, exactly up to eleven players and drawn beyond")
    func linear() {
        for players in [1, 2, 5, 11, 38] {
            let parts = (0..<players).map { Double($0 % 7) - 2.5 }
            let values = KernelSHAP().values(players: players, seed: 3) { present in
                4 + zip(parts, present).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
            }
            for (value, part) in zip(values, parts) { #expect(abs(value - part) < 1e-9) }
        }
    }

    /// A function whose players help and hinder each other.
    private static func worth(_ present: [Bool]) -> Double {
        let x = present.map { $0 ? 1.0 : 0 }
        return 3 * x[0] + x[1] * x[2] - 2 * x[0] * x[3] * x[4] + x[2] * x[4] * x[5]
    }

    /// By the definition: the mean over all subsets of what a player adds to them (Shapley 1953).
    private static func exact(_ players: Int, _ worth: ([Bool]) -> Double) -> [Double] {
        func factorial(_ n: Int) -> Double { n < 2 ? 1 : (2...n).reduce(1) { $0 * Double($1) } }
        return (0..<players).map { player in
            (0..<1 << players).filter { $0 >> player & 1 == 0 }.reduce(0) { sum, mask in
                let without = (0..<players).map { mask >> $0 & 1 == 1 }
                var with = without
                with[player] = true
                let size = without.count(where: { $0 })
                let weight = factorial(size) * factorial(players - size - 1) / factorial(players)
                return sum + weight * (worth(with) - worth(without))
            }
        }
    }

    @Test("with interactions the values are Shapley's, and drawn ones come near")
    func interactions() {
        let truth = Self.exact(6, Self.worth)
        let values = KernelSHAP().values(players: 6, seed: 1, worth: Self.worth)
        for (value, exact) in zip(values, truth) { #expect(abs(value - exact) < 1e-9) }
        let total = Self.worth([Bool](repeating: true, count: 6)) - Self.worth([Bool](repeating: false, count: 6))
        #expect(abs(values.reduce(0, +) - total) < 1e-12)

        let drawn = KernelSHAP(maximumCoalitions: 30).values(players: 6, seed: 1, worth: Self.worth)
        for (value, exact) in zip(drawn, truth) { #expect(abs(value - exact) < 0.25) }
        #expect(abs(drawn.reduce(0, +) - total) < 1e-12)
    }

    @Test("what is not finite gives everybody the same")
    func notFinite() {
        let values = KernelSHAP().values(players: 3, seed: 1) { $0[0] && !$0[1] ? .nan : 6 }
        #expect(values == [0, 0, 0])
    }

    private static let architectures: [NetworkArchitecture] =
        FamilyTests.cases.map(\.architecture) + [
            NetworkArchitecture(
                family: .denseAutoencoder, inputWidth: 36,
                layers: [
                    .dropout(rate: 0.3), .dense(width: 9, activation: .gelu), .batchNormalization,
                    .layerNormalization, .activityPenalty(l1: 0.1), .dense(width: 36, activation: .identity),
                ])
        ]

    @Test("the gradient of a score is its slope, and integrated gradients sum up to the change of the score")
    func gradients() throws {
        for architecture in Self.architectures {
            let network = try Network(architecture)
            var parameters = network.initialParameters(seed: 5)
            var generator = SeededGenerator(seed: 2)
            for i in 0..<parameters.count { parameters[i] += Float(0.1 * generator.uniform()) }
            let scorer = try WindowScorer(network: network, parameters: parameters)
            let gradient = try ScoreGradient(network: network, parameters: parameters)
            let window = Array(FamilyTests.windows(1, faulty: true, seed: 8).row(0))
            var slope = [Float](repeating: 0, count: window.count)
            let score = gradient.evaluate(window, gradient: &slope)
            #expect(abs(score - window.withUnsafeBufferPointer(scorer.score)) <= 1e-6 * max(1, score))

            for i in stride(from: 0, to: window.count, by: 5) {
                var (above, below) = (window, window)
                above[i] += 2e-3
                below[i] -= 2e-3
                let (high, low) = (
                    above.withUnsafeBufferPointer(scorer.score), below.withUnsafeBufferPointer(scorer.score)
                )
                let found = (high - low) / Double(above[i] - below[i])
                #expect(
                    abs(found - Double(slope[i])) < 2e-3 * max(1, abs(found)), "\(architecture.family), value \(i)")
            }

            let baseline = [Float](repeating: 0, count: window.count)
            let change = score - baseline.withUnsafeBufferPointer(scorer.score)
            let shares = IntegratedGradients(steps: 256).attributions(of: window, from: baseline, by: gradient)
            #expect(abs(shares.reduce(0, +) - change) < 0.01 * max(1, abs(change)), "\(architecture.family)")
        }
    }
}
