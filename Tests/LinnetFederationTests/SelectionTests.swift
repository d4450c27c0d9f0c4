// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

@Suite("Selecting participants")
struct SelectionTests {
    private let fleet: [AgentID]

    init() throws { fleet = try (0..<200).map { try AgentID("agent-\($0)") } }

    @Test("more agents are asked than are needed, and never more than there are")
    func count() {
        let selection = Selection(goal: 100, overSelection: 1.3)

        #expect(selection.count(of: 200) == 130)
        #expect(selection.count(of: 129) == 129)
        #expect(selection.count(of: 0) == 0)
        #expect(Selection(goal: 3, overSelection: 1.1).count(of: 10) == 4)
        #expect(Selection(goal: .max, overSelection: 100).count(of: 10) == 10)
    }

    @Test("the same seed gives the same agents, whatever order they are listed in")
    func seeded() {
        let selection = Selection(goal: 20, overSelection: 1)
        var first = SeededGenerator(seed: 9)
        var second = SeededGenerator(seed: 9)
        var other = SeededGenerator(seed: 10)

        let chosen = selection.select(from: fleet, using: &first)

        #expect(chosen == selection.select(from: fleet.reversed() + fleet, using: &second))
        #expect(chosen != selection.select(from: fleet, using: &other))
        #expect(chosen.count == 20)
        #expect(Set(chosen).count == 20)
        #expect(chosen == chosen.sorted())
    }

    @Test("every agent is asked about equally often")
    func fair() {
        let selection = Selection(goal: 10, overSelection: 1)
        var generator = SeededGenerator(seed: 1)
        var asked: [AgentID: Int] = [:]

        for _ in 0..<4000 {
            for agent in selection.select(from: fleet, using: &generator) { asked[agent, default: 0] += 1 }
        }

        // 200 expected each, standard deviation 13.8; five of them either way.
        #expect(asked.count == 200)
        #expect(asked.values.allSatisfy { (131...269).contains($0) })
    }

    @Test("nobody is chosen from nobody")
    func empty() {
        var generator = SeededGenerator(seed: 1)

        #expect(Selection(goal: 10, overSelection: 1.3).select(from: [], using: &generator) == [])
    }
}
