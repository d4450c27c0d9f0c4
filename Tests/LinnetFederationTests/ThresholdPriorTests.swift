// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

@Suite("The threshold that a fleet hands to a new device")
struct ThresholdPriorTests {
    /// Scores as autoencoders give them: exponential above a floor.
    private func scores(_ seed: UInt64, count: Int = 400, scale: Double = 1) -> QuantileSketch {
        var generator = SeededGenerator(seed: seed)
        var sketch = QuantileSketch()
        sketch.add((0..<count).map { _ in scale * (0.5 - 0.1 * log(1 - generator.uniform())) })
        return sketch
    }

    private func agents(_ sketches: [QuantileSketch]) -> [(agent: AgentID, scores: QuantileSketch)] {
        sketches.enumerated().map { (AgentID(checked: "press-\($0.offset)"), $0.element) }
    }

    @Test("it is near the level that normal scores exceed as rarely as wanted")
    func level() throws {
        let prior = try #require(ThresholdPrior(merging: agents((1...8).map { scores($0) })))
        #expect(prior.agents == 8 && prior.windows == 3200)
        for share in [0.05, 0.01, 0.001, 0.0001] {
            let exact = 0.5 - 0.1 * log(share)
            #expect(abs(prior.level(exceedance: share) / exact - 1) < 0.1, "\(share)")
        }
        #expect(prior.level(exceedance: 0.5) == prior.start)
        #expect(prior.level(exceedance: 0) == prior.level(exceedance: 1e-12))
        #expect(prior.level(exceedance: .nan).isFinite)
    }

    @Test("less than three agents make none, and one that claims absurd scores is left out")
    func contributors() throws {
        #expect(ThresholdPrior(merging: agents((1...2).map { scores($0) })) == nil)
        let honest = (1...4).map { scores($0) }
        let prior = try #require(ThresholdPrior(merging: agents(honest)))
        #expect(ThresholdPrior(merging: agents(honest + [scores(5, count: 100_000, scale: 50)])) == prior)
        #expect(ThresholdPrior(merging: agents([scores(1), scores(2), scores(3, scale: 50)])) == nil)
        // A claim of a million windows counts for four times the median's at most.
        let large = try #require(
            ThresholdPrior(merging: agents(honest + [scores(6, count: 40_000, scale: 2)])))
        #expect(large.start < 2 * prior.start)
        let broken = QuantileSketch(centroids: [.init(mean: .nan, weight: 1)], minimum: 0, maximum: 1)
        #expect(ThresholdPrior(merging: agents(honest + [broken, QuantileSketch()])) == prior)
    }

    @Test("it is the same bits in whatever order agents come, and after a way through text")
    func text() throws {
        let some = agents((1...5).map { scores($0, count: 100 * Int($0)) })
        let prior = try #require(ThresholdPrior(merging: some))
        #expect(ThresholdPrior(merging: some.reversed()) == prior)
        #expect(ThresholdPrior(parsing: prior.description) == prior)
        for text in [
            "", "agents=4", "agents=4 scale=nan start=1 windows=9", "agents=2 scale=1 start=1 windows=9",
            "agents=4 scale=1 start=-1 windows=9", "agents=4 agents=4 scale=1 start=1 windows=9",
            "agents=4 scale=1e300 start=1 windows=9", "agents=4 scale=1 start=1 windows=0",
        ] {
            #expect(ThresholdPrior(parsing: text) == nil, "\(text)")
        }
    }
}
