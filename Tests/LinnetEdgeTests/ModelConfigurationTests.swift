// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetConfiguration
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetModelConfiguration
import LinnetNN
import LinnetNumerics
import LinnetTestKit
import Testing

@Suite("What an agent learns alone")
struct ModelConfigurationTests {
    private func configuration(_ text: String) throws -> EdgeConfiguration {
        try EdgeConfiguration(
            ConfigurationFile(
                text: "agent: press-1\n\(text)\ndevices: [{id: pump, source: {kind: host}}]\n", name: "edge.yaml"))
    }

    @Test("the model section is the lab's and the coordinator's, and its aim goes before that of detection")
    func keys() throws {
        #expect(try configuration("").model == ModelConfiguration())
        let read = try configuration(
            "model: {family: usad, latent: 4, scaling: robust, falseAlarmsPerDay: 0.5}\ndetection: {falseAlarmsPerDay: 2}"
        )
        #expect(read.model.network.family == .usad && read.model.network.latent == 4)
        #expect(read.model.scaling == .robust)
        #expect(read.detection.falseAlarmsPerDay == 0.5)
        #expect(try configuration("detection: {falseAlarmsPerDay: 2}").detection.falseAlarmsPerDay == 2)
    }

    @Test(
        "what can not be learned alone is refused, with what can",
        arguments: [
            ("{family: classifier}", "\"model.family\" is classifier, which learns from labelled faults"),
            ("{family: usad, units: 3}", "\"model.units\" is nothing that a usad has"),
            ("{scaling: minmax}", "\"model.scaling\" is \"minmax\""),
        ])
    func refusals(_ section: String, _ words: String) throws {
        let problems = #expect(throws: ConfigurationProblems.self) { try configuration("model: \(section)") }
        #expect(problems?.problems.count == 1 && problems?.problems[0].contains(words) == true, "\(problems!)")
    }

    @Test("a model that can not be made for the devices' windows is refused before anything runs")
    func impossible() throws {
        let directory = try TemporaryDirectory()
        var network = ModelDescription(.forecaster)
        network.horizon = 9
        let configuration = Fixtures.configuration(directory, model: ModelConfiguration(network: network))
        let error = #expect(throws: AgentError.self) { try configuration.contract(by: .live(.system)) }
        #expect("\(error!)".contains("\"model\" is forecaster, which can not read windows of 4 samples"))
    }

    private static let families = ModelFamily.allCases.filter { $0.target != .labels }

    @Test(
        "every family that needs no labels is learned, tried out and calibrated by an agent alone", arguments: families)
    func alone(_ family: ModelFamily) throws {
        let directory = try TemporaryDirectory()
        let learner = LocalLearner(
            configuration: Fixtures.configuration(
                directory, model: ModelConfiguration(network: ModelDescription(family), scaling: .robust)),
            contract: Fixtures.contract)
        var batches = 0
        let learned = try learner.learn(
            TrainingData([Fixtures.device: Fixtures.windows(200)]), from: nil, seed: 3
        ) {
            batches += 1
            return true
        }
        #expect(learned.artifact.architecture.family == family.rawValue)
        #expect(learned.artifact.scaler.rule == .robust)
        #expect(learned.report.bestValidationLoss < learned.report.initialValidationLoss || family == .deepBelief)
        #expect(learned.model.calibrations[Fixtures.device]?.threshold.isFinite == true)
        #expect(try ModelArtifact(parsing: learned.model.bytes) == learned.artifact)

        // A network that is wanted no longer is not gone on from, and the budget ends every kind of training.
        let other = LocalLearner(configuration: Fixtures.configuration(directory), contract: Fixtures.contract)
        let again = try other.learn(
            TrainingData([Fixtures.device: Fixtures.windows(200)]), from: learned.artifact, seed: 3
        ) { true }
        #expect(again.artifact.scaler.rule == .standard)
        #expect(again.artifact.architecture.family == ModelFamily.denseAutoencoder.rawValue)
        var left = 5
        #expect(throws: CancellationError.self) {
            try learner.learn(TrainingData([Fixtures.device: Fixtures.windows(200)]), from: nil, seed: 3) {
                left -= 1
                return left > 0
            }
        }
        #expect(left > -3, "a training that is to end goes on")
    }
}
