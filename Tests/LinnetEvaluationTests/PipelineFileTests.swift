// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetDetection
import LinnetEvaluation
import Testing

@Suite("A pipeline's configuration file")
struct PipelineFileTests {
    private func read(_ text: String) throws -> PipelineSettings {
        try PipelineFile.read(text: text, name: "pump.yaml", channels: ["state", "flow"])
    }

    @Test(
        "what is written is read again as it was",
        arguments: [
            PipelineSettings(),
            PipelineSettings(
                limit: 5, scaleFloor: 0.02, smoothing: 3, detrending: 60, windowLength: 32,
                features: [.spread, .spectralBands], regimeChannel: 0,
                detectors: [.baseline(.isolationForest), .zScore],
                scoreSmoothing: .median, scoreSpan: 7, fitShare: 0.5, folds: 4, trimmedShare: 0.05,
                threshold: .peaks(probability: 1e-4, depth: 10),
                alarm: AlarmPolicy(raiseAfter: 3, clearAfter: 9, clearRatio: 0.5)),
            PipelineSettings(threshold: .following(quantile: 0.99, margin: 1.5, clip: 2, span: 600, floor: 0.2)),
        ])
    func roundTrip(settings: PipelineSettings) throws {
        let text = PipelineFile.text(settings, channels: ["state", "flow"], notes: ["why: because", "and more"])
        #expect(try read(text) == settings)
        #expect(text.hasPrefix("# why: because\n# and more\n"))
    }

    @Test("an empty file is the default")
    func empty() throws { #expect(try read("") == PipelineSettings()) }

    @Test("everything that is wrong is told at once, with lines and what is allowed")
    func problems() {
        let text = """
            window: {length: 0}
            pipeline:
              families: [zScore, magic]
              features: [colour]
              regimeChannel: mood
              threshold: {kind: guess}
              folds: 99
              pace: 3
            """
        #expect {
            try read(text)
        } throws: { error in
            let text = "\(error)"
            return [
                "pump.yaml:1: \"window.length\" is 0",
                "pump.yaml:3: \"pipeline.families\" has \"magic\"; there are principalComponents",
                "pump.yaml:4: \"pipeline.features\" has \"colour\"; there are mean",
                "pump.yaml:5: \"pipeline.regimeChannel\" is \"mood\"; the channels are state, flow",
                "pump.yaml:6: \"pipeline.threshold.kind\"", "pump.yaml:7: \"pipeline.folds\" is 99",
                "pump.yaml:8: \"pipeline.pace\"",
            ].allSatisfy(text.contains)
        }
    }
}
