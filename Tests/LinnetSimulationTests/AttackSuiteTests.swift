// SPDX-License-Identifier: Apache-2.0

import LinnetFleet
import LinnetNN
import LinnetSimulation
import Testing

@Suite("Under attack by three agents in ten")
struct AttackSuiteTests {
    @Test("the default strategy detects as well as before, and the plain mean does not")
    func defaultHolds() async throws {
        let suite = AttackSuite(
            settings: SmallFleet.settings(agents: 20, rounds: 20, seed: 1),
            data: SmallFleet.stations(agents: 20, windows: 200, seed: 1), threads: 2)
        let rows = try await suite.run(AttackKind.allCases.map { AttackPlan($0, share: 0.3) }) { _ in }

        let clean = rows.filter { $0.attack == "none" }
        let attacked = rows.filter { $0.attack != "none" }
        #expect(clean.count == 2 && attacked.count == 2 * AttackKind.allCases.count)
        // What robustness costs when nobody attacks.
        let defended = try #require(clean.first { $0.isDefended })
        let plain = try #require(clean.first { !$0.isDefended })
        #expect(plain.f1 - defended.f1 <= 0.01)

        for row in attacked where row.isDefended {
            #expect(!row.hasFailed, "\(row.attack)")
            #expect(row.f1Lost <= 0.03, "\(row.attack)")
            #expect(row.honestRefused == 0, "\(row.attack)")
            if let missed = row.triggersMissed { #expect(missed <= 0.1, "\(row.attack)") }
        }
        let hurt = attacked.filter { !$0.isDefended && ($0.hasFailed || $0.f1Lost > 0.03) }
        #expect(hurt.count >= 4, "the plain mean is hurt by \(hurt.map(\.attack)) only: the suite does not attack")
    }

    @Test("a backdoor takes the plain mean over, and leaves the default alone")
    func backdoor() async throws {
        var settings = SmallFleet.settings(agents: 20, rounds: 30, seed: 1)
        settings.fleet.model = .dense([32, 16, 8])
        let suite = AttackSuite(
            settings: settings, data: PumpStations(agents: 20, channels: 38, windows: 200, seed: 1), threads: 2)
        let rows = try await suite.run([AttackPlan(.backdoor, share: 0.3)]) { _ in }
        let defended = try #require(rows.last { $0.isDefended })
        let plain = try #require(rows.last { !$0.isDefended })
        #expect(try #require(defended.triggersMissed) <= 0.1)
        #expect(try #require(plain.triggersMissed) > 0.15)
    }
}
