// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetStore
import Testing

@Suite("A cohort that starts from another cohort's model")
struct CohortTransferTests {
    private static func contract(_ names: [String] = ["a", "b"], interval: Int = 100) -> SignalContract {
        SignalContract(
            channels: names.map { Channel(name: $0) }, intervalMilliseconds: interval, windowLength: 2)
    }

    private static func model() throws -> ModelArtifact {
        let architecture = NetworkArchitecture.denseAutoencoder(inputWidth: 4, hidden: [2])
        return ModelArtifact(
            architecture: architecture, parameters: try Network(architecture).initialParameters(seed: 1),
            scaler: ChannelScaler(means: [0, 0], standardDeviations: [1, 1]), windowLength: 2, falseAlarmsPerDay: 1)
    }

    /// A coordinator that knows the cohorts of these contracts.
    private func coordinator(_ contracts: [SignalContract]) async throws -> CoordinatorHarness {
        let harness = try CoordinatorHarness()
        for contract in contracts { try harness.store.form(CohortID(of: contract), contract) }
        await harness.start()
        return harness
    }

    @Test("the model becomes a version of the other cohort that tells its source, once however often it is brought")
    func allowed() async throws {
        let (own, slower) = (Self.contract(), Self.contract(interval: 120))
        let (source, target) = (CohortID(of: own), CohortID(of: slower))
        let harness = try await coordinator([own, slower])
        let file = try Self.model().encoded()
        let first = try await harness.coordinator.bring(file, to: source, by: "ann")

        let second = try await harness.coordinator.bring(file, to: target, by: "ann")

        #expect(second.number == 1 && second.digest != first.digest)
        #expect(try harness.store.provenance(of: second.digest)?.cohort == target)
        let model = try #require(try harness.model(second))
        #expect(model.parameters == (try Self.model().parameters))
        #expect(model.provenance["sourceCohort"] == source.rawValue && model.provenance["source"] == first.digest.hex)
        #expect(try await harness.coordinator.bring(file, to: target, by: "ann") == second)
        #expect(try await harness.coordinator.bring(file, to: source, by: "ann") == first)
        await harness.stop()
    }

    @Test("a model of other channels is taken only if somebody says that the same is meant")
    func doubtful() async throws {
        let (own, other) = (Self.contract(), Self.contract(["a", "heat"]))
        let harness = try await coordinator([own, other])
        var model = try Self.model()
        model.provenance["cohort"] = CohortID(of: own).rawValue
        let file = model.encoded()
        _ = try await harness.coordinator.bring(file, to: CohortID(of: own), by: "ann")

        await #expect(throws: RolloutRequestError.self) {
            try await harness.coordinator.bring(file, to: CohortID(of: other), by: "ann")
        }
        let taken = try await harness.coordinator.bring(
            file, to: CohortID(of: other), allowingOtherSignals: true, by: "ann")
        #expect(try harness.store.provenance(of: taken.digest)?.cohort == CohortID(of: other))
        await harness.stop()
    }
}
