// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetDetection
import LinnetEdge
import Testing

@Suite("Preparation in the configuration")
struct PreparationConfigurationTests {
    private func configuration(_ text: String) throws -> EdgeConfiguration {
        try EdgeConfiguration(
            ConfigurationFile(
                text: "agent: press-1\n\(text)\ndevices: [{id: pump, source: {kind: host}}]\n", name: "edge.yaml"))
    }

    @Test("readings are taken as they are unless the file says otherwise")
    func none() throws {
        #expect(try configuration("").devices[0].preparation.isNone)
    }

    @Test("every key of a channel is read")
    func keys() throws {
        let preparation = try configuration(
            """
            window: {clock: 2s, longestAge: 9s, holdMissing: 5}
            channels:
              - {name: energy, kind: counter, missing: mask}
              - {name: mode, kind: categorical, states: [0, 1, 4]}
              - {name: heat, missing: interpolate, missingSamples: 9, minimum: -40, maximum: 150.5, stuckAfter: 600,
                 transform: detrend, detrendSpan: 50}
            """
        ).devices[0].preparation
        #expect(preparation.clockMilliseconds == 2000 && preparation.longestAgeMilliseconds == 9000)
        #expect(
            preparation.channels == [
                ChannelSettings(name: "energy", kind: .counter, missing: .mask, missingSamples: 5),
                ChannelSettings(name: "mode", kind: .categorical([0, 1, 4]), missingSamples: 5),
                ChannelSettings(
                    name: "heat", missing: .interpolate, missingSamples: 9, minimum: -40, maximum: 150.5,
                    stuckAfter: 600, transform: .detrend(span: 50)),
            ])
    }

    @Test("what can not be is told with its line")
    func refusals() {
        for wrong in [
            "channels: [{kind: counter}]", "channels: [{name: a, kind: dial}]",
            "channels: [{name: a, kind: categorical}]",
            "channels: [{name: a, kind: categorical, states: [1]}]",
            "channels: [{name: a, kind: categorical, states: [1, 1]}]", "channels: [{name: a, minimum: 2, maximum: 1}]",
            "channels: [{name: a}, {name: a}]", "window: {clock: 0s}", "channels: [{name: a, stuckAfter: 1}]",
        ] {
            #expect(throws: ConfigurationProblems.self, "\(wrong)") { try configuration(wrong) }
        }
    }
}
