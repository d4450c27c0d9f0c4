// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetFederation
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetTestKit
import Testing

@Suite("Layers that stay with an agent")
struct OwnLayersTests {
    private let learner = RoundLearner(contract: Fixtures.contract, seed: 5)
    private let data = TrainingData([Fixtures.device: Fixtures.windows(200)])
    /// A version that leaves its last layer to each agent.
    private let version: ModelArtifact
    private let last: [Int]
    private let first: [Int]

    init() throws {
        version = try Fixtures.trained(provenance: ["localLayers": "last"]).artifact
        let local = try Network(version.architecture).localRanges(of: ["last"]).flatMap(Array.init)
        last = local
        first = (0..<version.parameters.count).filter { !local.contains($0) }
    }

    private func offer(_ file: Data, parts: [String] = ["last"], encoding: UpdateEncoding = .full) -> RoundOffer {
        let manifest = Fixtures.manifest(release: 1, bytes: file)
        return RoundOffer(
            cohort: manifest.cohort, round: 3, kind: .training, isOpen: true, base: manifest.model,
            settings: ClientSettings(epochs: 3, learningRate: 0.002, updateEncoding: encoding, localLayers: parts),
            participants: [Fixtures.agent], openedAt: Fixtures.start,
            deadline: Fixtures.start.adding(milliseconds: 60_000))
    }

    private func values(_ parameters: ParameterVector?, at indices: [Int]) -> [Float]? {
        parameters.map { parameters in indices.map { parameters[$0] } }
    }

    @Test("all layers are trained, the own ones are kept, and the base's are sent in their places")
    func update() throws {
        let file = version.encoded()
        let answer = try learner.train(data, offer: offer(file), base: file) { true }

        let sent = try ModelArtifact(parsing: answer.body).parameters
        #expect(values(sent, at: last) == values(version.parameters, at: last))
        #expect(values(sent, at: first) != values(version.parameters, at: first))
        let own = try #require(answer.ownLayers)
        let merged = own.merged(over: version, parts: ["last"])
        #expect(values(merged, at: last) != values(version.parameters, at: last))
        #expect(values(merged, at: first) == values(version.parameters, at: first))
        #expect(try #require(answer.lossAfter) < #require(answer.lossBefore))
        // Without a word about local layers nothing is kept, and everything is sent.
        let shared = try learner.train(data, offer: offer(file, parts: []), base: file, own: own) { true }
        #expect(shared.ownLayers == nil)
        let all = try ModelArtifact(parsing: shared.body).parameters
        #expect(values(all, at: last) == values(merged, at: last) && values(all, at: first) == values(sent, at: first))
    }

    @Test("the next training goes on from the own layers; others, or of another network, are passed over")
    func goesOn() throws {
        let file = version.encoded()
        let own = try #require(try learner.train(data, offer: offer(file), base: file) { true }.ownLayers)
        let again = try learner.train(data, offer: offer(file), base: file, own: own) { true }
        let anew = try learner.train(data, offer: offer(file), base: file) { true }
        #expect(again.ownLayers != own && again.ownLayers != anew.ownLayers)
        #expect(try #require(again.lossBefore) < #require(anew.lossBefore))

        let other = try learner.train(data, offer: offer(file, parts: ["decoder"]), base: file, own: own) { true }
        #expect(other == (try learner.train(data, offer: offer(file, parts: ["decoder"]), base: file) { true }))
        var foreign = version
        foreign.architecture.layers.append(foreign.architecture.layers[foreign.architecture.layers.count - 1])
        #expect(own.weights(for: foreign) == nil && own.weights(for: version)?.kind == .ownLayers)
        var shared = version
        shared.provenance = [:]
        #expect(own.weights(for: shared) == nil)
    }

    @Test("fewer bytes bring exactly nothing of the own layers, whatever an earlier update has left out")
    func encodings() throws {
        let file = version.encoded()
        let network = try Network(version.architecture)
        let rest = ParameterVector(repeating: 1, count: version.parameters.count)
        for encoding in [UpdateEncoding.delta16, .delta8, .topK(share: 0.9)] {
            let answer = try learner.train(
                data, offer: offer(file, encoding: encoding), base: file, residual: rest
            ) { true }
            let update = try SafetensorsFile(parsing: answer.body, types: Tensor.ElementType.allCases)
            let sent = try CompressedUpdate(tensors: update.tensors, metadata: update.metadata)
                .decode(onto: version.parameters, blocks: network.slots.map(\.range))
            #expect(values(sent, at: last) == values(version.parameters, at: last), "\(encoding)")
            #expect(answer.residual.map { values($0, at: last)?.allSatisfy { $0 == 0 } == true } ?? true, "\(encoding)")
        }
    }

    @Test("own layers are corrected by no control variate, and change none")
    func controlVariates() throws {
        let file = version.encoded()
        var offer = offer(file)
        (offer.settings.controlVariates, offer.settings.learningRate) = (true, 0.01)
        let answer = try learner.train(data, offer: offer, base: file, controls: ControlTerms()) { true }
        let control = try #require(answer.control)
        #expect(values(control, at: last)?.allSatisfy { $0 == 0 } == true && control.norm > 0)
    }

    @Test("a lineage is chosen by what the agent would work with")
    func lineages() throws {
        let fits = version.encoded()
        var other = version
        for index in first { other.parameters[index] *= -1 }
        let files = [other.encoded(), fits]
        var offer = offer(files[0])
        offer.lineages = [Fixtures.manifest(release: 2, bytes: fits).model]
        let own = try #require(try learner.train(data, offer: self.offer(fits), base: fits) { true }.ownLayers)
        let answer = try learner.train(data, offer: offer, bases: files, own: own) { true }
        #expect(answer.base == offer.lineages?.first?.version && answer.ownLayers != nil)
    }

    @Test("a part that the network does not have, or all of it, is a failure with a reason")
    func refusals() throws {
        let file = version.encoded()
        for parts in [["layers.9"], ["encoder", "decoder"]] {
            #expect(throws: RoundFailure.self) {
                try learner.train(data, offer: offer(file, parts: parts), base: file) { true }
            }
        }
        var settings = ClientSettings()
        for parts in [["a b"], [""], [String](repeating: "last", count: 17)] {
            settings.localLayers = parts
            #expect(throws: WireError.self) { try settings.check() }
        }
    }

    @Test("a version is calibrated, scored and tried with the own layers, and chosen weights are held against that")
    func scoring() throws {
        let directory = try TemporaryDirectory()
        let local = LocalLearner(configuration: Fixtures.configuration(directory), contract: Fixtures.contract)
        let file = version.encoded()
        let own = try #require(try learner.train(data, offer: offer(file), base: file) { true }.ownLayers)
        var broken = version
        // Whatever stands in the places of own layers in the released file, it does not run.
        for index in last { broken.parameters[index] = 1000 }
        let calibrations = try local.calibrate(broken, data, own: own)
        let calibration = try #require(calibrations[Fixtures.device])
        #expect(calibration.weights?.kind == .ownLayers)
        #expect(calibration.weights == own.weights(for: version))
        #expect(try local.selfTest(broken, calibrations, data, seed: 5).passes)
        let chosen = try local.personalize(broken, data, own: own, seed: 5) { true }
        #expect(chosen[Fixtures.device]?.weights?.kind == .ownLayers)

        var evaluation = offer(broken.encoded())
        evaluation.kind = .evaluation
        let with = try learner.evaluate(data, offer: evaluation, base: broken.encoded(), own: own)
        let without = try learner.evaluate(data, offer: evaluation, base: broken.encoded())
        let losses = try [with, without].map { try Wire.decode(EvaluationBody.self, from: $0.body).loss }
        #expect(losses[0] * 100 < losses[1])
    }

    @Test("they outlive a restart; damaged ones are none; and another contract lets them go")
    func stored() async throws {
        let directory = try TemporaryDirectory()
        let own = OwnLayers(["last"], of: version)
        do {
            let store = try Fixtures.store(directory)
            #expect(try await store.ownLayers() == nil)
            try await store.keep(ownLayers: own)
            _ = try await store.adopt(Fixtures.contract, at: Fixtures.start)
        }
        let store = try Fixtures.store(directory)
        #expect(try await store.ownLayers() == own)
        try await store.keep(ownLayers: nil)
        #expect(try await store.ownLayers() == nil)
        try await store.keep(ownLayers: own)
        let other = SignalContract(channels: [Channel(name: "only")], intervalMilliseconds: 1000, windowLength: 4)
        #expect(try await store.adopt(other, at: Fixtures.start))
        #expect(try await store.ownLayers() == nil)
    }

    @Test("the history tells what ran beside what was released")
    func history() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory)
        var stored = try Fixtures.trained().model
        try await store.activate(
            stored, noting: HistoryEntry(at: Fixtures.start, .activated, stored.version, release: 1))
        let weights = OwnWeights(.ownLayers, version.parameters)
        stored.calibrations[Fixtures.device]?.weights = weights
        let later = Fixtures.start.adding(milliseconds: 60_000)
        try await store.activate(stored, noting: HistoryEntry(at: later, .activated, stored.version, release: 2))

        let history = try await store.history()
        let answer = try #require(history.answer(for: Fixtures.device, at: later))
        #expect(answer.version == stored.version)
        #expect(answer.weights == HistoryEntry.DeviceWeights(.ownLayers, Digest(of: weights.bytes)))
        #expect(try #require(history.answer(for: Fixtures.device, at: Fixtures.start)).weights == nil)
    }
}

extension LiveAgents {
    @Suite("An agent with layers of its own")
    struct WithOwnLayers {
        @Test(
            """
            it keeps them through a round and a restart, runs the release with them, and says so; the next release without \
            them runs as it is
            """)
        func wholeWay() async throws {
            let harness = try await AgentHarness()
            let file = try Fixtures.trained(provenance: ["localLayers": "last"]).model.bytes
            try harness.start()
            let now = Timestamp.now()
            let manifest = harness.manifest(1, file)
            let offer = RoundOffer(
                cohort: harness.cohort, round: 1, kind: .training, isOpen: true, base: manifest.model,
                settings: ClientSettings(epochs: 2, localLayers: ["last"]), participants: [Fixtures.agent],
                openedAt: now, deadline: now.adding(milliseconds: 3_600_000))
            try harness.publish(offer, on: .round(harness.cohort))
            let update = harness.topics.text(.update(Fixtures.agent, round: 1, part: 0))
            let isAnswered = try await eventually(timeout: .seconds(60)) {
                try harness.serve([file])
                return harness.bus.published.contains { $0.topic == update }
            }
            await harness.stop()
            #expect(isAnswered)
            let own = try #require(try await harness.store().ownLayers())
            #expect(own.parts == ["last"])

            try harness.start()
            try harness.release(manifest)
            try await confirm(manifest, file, harness)
            #expect(try harness.states().last?.devices.first?.weights == .ownLayers)
            let shared = try Fixtures.trained(provenance: ["version": "2"]).model.bytes
            let next = harness.manifest(2, shared)
            try harness.release(next)
            try await confirm(next, shared, harness)
            #expect(try harness.states().last?.devices.first?.weights == .released)
            await harness.stop()

            let history = try await harness.store().history()
            let rows = history.rows.filter { $0.entry.step == .activated }
            #expect(rows.map { $0.entry.weights?[Fixtures.device.rawValue]?.kind } == [.ownLayers, nil])
            #expect(rows.first?.entry.active == manifest.model.version)
        }

        private func confirm(_ manifest: ReleaseManifest, _ file: Data, _ harness: AgentHarness) async throws {
            let isConfirmed = try await eventually(timeout: .seconds(60)) {
                try harness.serve([file])
                let state = try harness.states().last
                return state?.confirmed == manifest.release
            }
            #expect(isConfirmed, "release \(manifest.release) never confirmed")
        }
    }
}
