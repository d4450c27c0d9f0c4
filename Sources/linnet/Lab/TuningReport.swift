// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection
import LinnetEvaluation
import LinnetNN

/// What `linnet tune` found out: as tables, as one JSON document, and as a configuration with its reasons.
struct TuningReport {
    var advice: Tuner.Advice
    var channels: [String]
    /// The file that was learned from.
    var source: String

    /// Candidates that the tables show at most.
    private static let shown = 15

    func lines(on terminal: Terminal) -> [String] {
        var families = Table(
            "FAMILY", .right("WINDOW"), .right("RANKING"), .right("STABLE"), .right("OFF"), .right("MERIT"),
            .right("SECONDS"))
        for (number, found) in advice.candidates.prefix(Self.shown).enumerated() {
            let tint: Tint = number == 0 ? .strong : .plain
            families.add(
                cells: [
                    found.family, "\(found.windowLength)", String(format: "%.3f", found.ranking),
                    String(format: "%.2f", found.stability), String(format: "%.2f", found.heldOutError),
                    String(format: "%.3f", found.merit), String(format: "%.1f", found.seconds),
                ].map { Table.Cell($0, tint) })
        }
        var thresholds = Table(
            .right("FOUND %"), .right("FALSE ALARMS"), .right("A DAY"), .right("AFTER"), .left("THRESHOLD"))
        for found in advice.thresholds {
            let isChosen =
                found.threshold == advice.settings.threshold
                && found.raiseAfter == advice.settings.alarm.raiseAfter
            thresholds.add(
                cells: [
                    String(format: "%.0f", found.found * 100), "\(found.falseEpisodes)",
                    String(format: "%.2f", found.falseEpisodesPerDay), "\(found.raiseAfter)",
                    PipelineFile.text(found.threshold),
                ].map { Table.Cell($0, isChosen ? .strong : .plain) })
        }
        return notes + [""] + families.lines(on: terminal) + leftNote + ["", "Thresholds for the first of them:"]
            + thresholds.lines(on: terminal) + ["", "Recommended:", ""]
            + PipelineFile.text(advice.settings, channels: channels, notes: []).split(separator: "\n").map(String.init)
    }

    /// What agents and cohorts can be told: `model`, `window` and `detection`, as in their own files.
    ///
    /// Agents run the linear reference beside a network, so the best network is named even where a plain detector was better.
    var configuration: String {
        let network = advice.candidates.first { ModelFamily(rawValue: $0.family) != nil } ?? advice.candidates.first
        let family = network.flatMap { ModelFamily(rawValue: $0.family) } ?? .denseAutoencoder
        var lines = notes
        if network != advice.candidates.first, let network {
            lines.append(
                String(format: "Of the networks %@ is the best one: ranking %.3f.", network.family, network.ranking))
        }
        lines = lines.map { "# \($0)" }
        let alarm = advice.settings.alarm
        let length = network?.windowLength ?? advice.settings.windowLength
        lines += [
            "model: {family: \(family.rawValue)\(widths(family, length)), falseAlarmsPerDay: \(advice.falseAlarmsPerDay)}",
            // What was measured scores every sample.
            "window: {length: \(length), stride: 1}",
            "detection:", "  raiseAfter: \(alarm.raiseAfter)",
            "  clearAfter: \(alarm.clearAfter)", "  clearRatio: \(alarm.clearRatio)",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// The widths that were measured, where files know others as the family's own.
    private func widths(_ family: ModelFamily, _ length: Int) -> String {
        guard family == .denseAutoencoder,
            let layers = try? ModelDescription(family).architecture(length: length, channels: channels.count).layers
        else { return "" }
        let hidden = layers.prefix(layers.count / 2).compactMap { layer -> String? in
            if case .dense(let dense) = layer { "\(dense.width)" } else { nil }
        }
        return ", hidden: [\(hidden.joined(separator: ", "))]"
    }

    /// The recommended pipeline, its reasons above it.
    var pipeline: String { PipelineFile.text(advice.settings, channels: channels, notes: notes) }

    /// Everything that was measured.
    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(advice)
    }

    /// What was compared on what, and what came out.
    private var notes: [String] {
        var notes = [
            "What linnet tune recommends for \(source): \(advice.family), windows of \(advice.settings.windowLength).",
            "Learned from \(HumanText.count(advice.learnedRows)) rows, judged on \(HumanText.count(advice.heldRows)) newer "
                + "ones by \(advice.hasLabels ? "the labelled file" : "faults drawn over them").",
        ]
        if let best = advice.candidates.first {
            notes.append(
                String(
                    format:
                        "Ranking %.3f, stability %.2f, false alarms %.2f powers of ten off; %d candidates were measured.",
                    best.ranking, best.stability, best.heldOutError, advice.candidates.count))
        }
        if let chosen = advice.thresholds.first(where: {
            $0.threshold == advice.settings.threshold && $0.raiseAfter == advice.settings.alarm.raiseAfter
        }) {
            notes.append(
                String(
                    format:
                        "Found %.0f %% of the faults; %d false alarms on the held-out rows, %.2f a day, of at most %g.",
                    chosen.found * 100, chosen.falseEpisodes, chosen.falseEpisodesPerDay, advice.falseAlarmsPerDay))
            if chosen.falseEpisodesPerDay > advice.falseAlarmsPerDay {
                notes.append(
                    "No threshold keeps to that; this is the quietest that still finds half of what any finds.")
            }
        }
        return notes
    }

    private var leftNote: [String] {
        advice.left.isEmpty ? [] : ["Not measured: " + advice.left.joined(separator: "; ") + "."]
    }
}
