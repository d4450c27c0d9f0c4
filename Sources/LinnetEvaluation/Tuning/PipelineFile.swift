// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetDetection

/// A pipeline's settings as a configuration file: what `linnet tune` writes, and `linnet evaluate --settings` reads.
///
///     window: {length: 12}
///     detection: {raiseAfter: 3, clearAfter: 10, clearRatio: 0.8}
///     pipeline:
///       families: [principalComponents]                      # those of `linnet evaluate --family`
///       features: [spread, spectralBands]    # left out: the window's values as they are
///       regimeChannel: state                 # left out: the machine has one operating state
///       threshold: {kind: quantile, exceedance: 0.001, margin: 1}
///
/// `window` and `detection` have the keys that an agent's file has. Keys left out take the default.
public enum PipelineFile {
    private static let kinds = ["quantile", "peaks", "following"]

    /// Reads a file.
    ///
    /// - Parameter channels: of the data that it is for.
    /// - Throws: ``ConfigurationProblems`` with everything that is wrong with it.
    public static func read(_ path: String, channels: [String]) throws(ConfigurationProblems) -> PipelineSettings {
        try settings(ConfigurationFile(path: path), channels: channels)
    }

    /// Reads `text` as if it stood in a file called `name`.
    public static func read(
        text: String, name: String, channels: [String]
    ) throws(ConfigurationProblems) -> PipelineSettings {
        try settings(ConfigurationFile(text: text, name: name), channels: channels)
    }

    private static func settings(
        _ file: ConfigurationFile, channels: [String]
    ) throws(ConfigurationProblems) -> PipelineSettings {
        let defaults = PipelineSettings()
        let section = file.root.section("pipeline")
        var settings = defaults
        let window = file.root.section("window")
        settings.windowLength = window.integer("length", default: defaults.windowLength, in: 1...4096)
        settings.limit = Float(section.number("limit", default: Double(defaults.limit), in: 1...1000))
        settings.scaleFloor = section.number("scaleFloor", default: defaults.scaleFloor, in: 1e-6...1)
        settings.smoothing = section.integer("smoothing", default: defaults.smoothing, in: 1...100_000)
        settings.detrending = section.integer("detrending", default: defaults.detrending, in: 0...1_000_000)
        settings.scoreSpan = section.integer("scoreSpan", default: defaults.scoreSpan, in: 1...100_000)
        let smoothing = section.string("scoreSmoothing", default: "mean", allowed: ["mean", "median"])
        settings.scoreSmoothing = ScoreSmoother.Kind(rawValue: smoothing) ?? .mean
        settings.fitShare = section.number("fitShare", default: defaults.fitShare, in: 0.1...0.9)
        settings.folds = section.integer("folds", default: defaults.folds, in: 1...20)
        settings.trimmedShare = section.number("trimmedShare", default: defaults.trimmedShare, in: 0...0.5)
        settings.features = features(section)
        settings.detectors = families(section)
        if let name = section.optionalString("regimeChannel") {
            settings.regimeChannel = channels.firstIndex(of: name)
            if settings.regimeChannel == nil {
                section.problem(
                    "regimeChannel", "is \"\(name)\"; the channels are \(channels.joined(separator: ", "))")
            }
        }
        settings.threshold = threshold(section.section("threshold"))
        let detection = file.root.section("detection")
        settings.alarm = AlarmPolicy(
            raiseAfter: detection.integer("raiseAfter", default: 1, in: 1...1000),
            clearAfter: detection.integer("clearAfter", default: 1, in: 1...10_000),
            clearRatio: detection.number("clearRatio", default: 1, in: 0.1...1))
        try file.finish()
        return settings
    }

    private static func features(_ section: ConfigurationSection) -> [WindowFeature] {
        let all = WindowFeature.allCases.map(\.rawValue).joined(separator: ", ")
        return section.strings("features", default: []).compactMap { name in
            if let feature = WindowFeature(rawValue: name) { return feature }
            section.problem("features", "has \"\(name)\"; there are \(all)")
            return nil
        }
    }

    private static func families(_ section: ConfigurationSection) -> [DetectorFamily] {
        let all = DetectorFamily.all
        let names = section.strings("families", default: ["principalComponents"])
        if names.isEmpty || names.count > all.count {
            section.problem("families", "has \(names.count) names; it must have 1 to \(all.count)")
        }
        return names.compactMap { name in
            if let family = all.first(where: { $0.name == name }) { return family.family }
            section.problem(
                "families", "has \"\(name)\"; there are \(all.map(\.name).joined(separator: ", "))")
            return nil
        }
    }

    private static func threshold(_ section: ConfigurationSection) -> ThresholdRule {
        switch section.string("kind", default: "quantile", allowed: kinds) {
        case "peaks":
            .peaks(
                probability: section.number("probability", default: 1e-4, in: 1e-9...0.02),
                depth: section.integer("depth", default: 0, in: 0...100_000))
        case "following":
            .following(
                quantile: section.number("quantile", default: 0.995, in: 0.5...1),
                margin: section.number("margin", default: 1.25, in: 1...100),
                clip: section.number("clip", default: 1.25, in: 1...100),
                span: section.integer("span", default: 5000, in: 20...10_000_000),
                floor: section.number("floor", default: 0.3, in: 0...1))
        default:
            .quantile(
                exceedance: section.number("exceedance", default: 0.001, in: 1e-12...0.5),
                margin: section.number("margin", default: 1, in: 0.1...100))
        }
    }

    /// Settings as such a file.
    ///
    /// - Parameter notes: lines that stand above them as comments.
    public static func text(_ settings: PipelineSettings, channels: [String], notes: [String]) -> String {
        let families = settings.detectors.compactMap { family in
            DetectorFamily.all.first { $0.family == family }?.name
        }
        var lines = notes.map { "# \($0)" }
        lines += [
            "window:", "  length: \(settings.windowLength)", "detection:",
            "  raiseAfter: \(settings.alarm.raiseAfter)", "  clearAfter: \(settings.alarm.clearAfter)",
            "  clearRatio: \(settings.alarm.clearRatio)", "pipeline:",
            "  families: [\(families.joined(separator: ", "))]",
        ]
        if !settings.features.isEmpty {
            lines.append("  features: [\(settings.features.map(\.rawValue).joined(separator: ", "))]")
        }
        if let channel = settings.regimeChannel, channels.indices.contains(channel) {
            lines.append("  regimeChannel: \"\(channels[channel])\"")
        }
        lines += [
            "  limit: \(settings.limit)", "  scaleFloor: \(settings.scaleFloor)", "  smoothing: \(settings.smoothing)",
            "  detrending: \(settings.detrending)", "  scoreSmoothing: \(settings.scoreSmoothing.rawValue)",
            "  scoreSpan: \(settings.scoreSpan)", "  fitShare: \(settings.fitShare)", "  folds: \(settings.folds)",
            "  trimmedShare: \(settings.trimmedShare)", "  threshold: \(text(settings.threshold))",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// A threshold rule on one line, as the file has it.
    public static func text(_ rule: ThresholdRule) -> String {
        switch rule {
        case .quantile(let exceedance, let margin):
            "{kind: quantile, exceedance: \(exceedance), margin: \(margin)}"
        case .peaks(let probability, let depth): "{kind: peaks, probability: \(probability), depth: \(depth)}"
        case .following(let quantile, let margin, let clip, let span, let floor):
            "{kind: following, quantile: \(quantile), margin: \(margin), clip: \(clip), span: \(span), floor: \(floor)}"
        }
    }
}
