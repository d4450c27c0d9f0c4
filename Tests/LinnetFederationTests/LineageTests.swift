// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

@Suite("Lineages of one cohort")
struct LineageTests {
    /// Updates around some centers, agent by agent.
    private func updates(_ centers: [[Float]], seed: UInt64 = 1) -> [Contribution] {
        var generator = SeededGenerator(seed: seed)
        return centers.enumerated().map { number, center in
            Contribution(
                agent: AgentID(checked: "a\(100 + number)"),
                parameters: ParameterVector(center.map { $0 + 0.05 * Float(generator.gaussian()) }), windows: 100)
        }
    }

    private func split(_ contributions: [Contribution], into count: Int, atLeast minimum: Int = 2) throws -> [[Int]] {
        try Lineages.split(ContributedUpdates(contributions), into: count, atLeast: minimum)
    }

    @Test("the least loss wins, the first of equals, and what is not finite never does")
    func best() {
        #expect(Lineages.best(of: [3, 1, 2]) == 1)
        #expect(Lineages.best(of: [.nan, 2, 2, .infinity]) == 1)
        #expect(Lineages.best(of: [.nan]) == nil && Lineages.best(of: []) == nil)
        #expect(Lineages.worstServed([[1, 5], [4, 3], [3, 9]]) == 1)
        #expect(Lineages.worstServed([]) == nil)
    }

    @Test("updates that went different ways are told apart, in whatever order they came")
    func ways() throws {
        let (left, right, up): ([Float], [Float], [Float]) = ([-1, 0, 0], [1, 0, 0], [0, 2, 0])
        let some = updates([left, right, up, left, right, left, up, left])

        let two = try split(some, into: 2)
        #expect(two.count == 2 && Set(two.joined()) == Set(0..<8))
        #expect(two.contains([2, 6]) || two.contains([0, 3, 5, 7]) || two.contains([1, 4]))
        #expect(try split(some, into: 3) == [[0, 3, 5, 7], [1, 4], [2, 6]])
        #expect(try split(some.reversed(), into: 3) == [[0, 3, 5, 7], [1, 4], [2, 6]])
        // There are no more ways than three, but each agent differs a little.
        #expect(try split(some, into: 3, atLeast: 3).count == 2)
    }

    @Test("one odd agent makes no lineage, and neither do too few, or all alike")
    func odd() throws {
        let (left, right): ([Float], [Float]) = ([-1, 0], [1, 0])
        let far = updates([left, right, left, right, [90, 90], left])
        let parts = try split(far, into: 2)
        #expect(parts.map(\.count) == [3, 3] && parts[0] == [0, 2, 5])
        #expect(try split(updates([left, right, left]), into: 2) == [[0, 1, 2]])
        let same = (0..<6).map {
            Contribution(agent: AgentID(checked: "b\($0)"), parameters: ParameterVector([1, 2]), windows: 9)
        }
        #expect(try split(same, into: 2) == [[0, 1, 2, 3, 4, 5]])
        #expect(try split(far, into: 1) == [[0, 1, 2, 3, 4, 5]])
    }

    @Test("an update of another shape stops the split by name")
    func shape() throws {
        var some = updates([[0, 0], [1, 1], [0, 0], [1, 1]])
        some[2].parameters = ParameterVector([1])
        #expect(throws: AggregationError.self) { try split(some, into: 2) }
    }
}
