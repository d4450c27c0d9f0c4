// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetDetection
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics

/// Which version is meant.
struct VersionArguments: ParsableArguments {
    @OptionGroup var options: APIOptions

    @Option(help: "The cohort, where there is more than one.")
    var cohort: String?

    /// A version's file.
    func file(of version: String, from api: CoordinatorAPI) throws -> Data {
        let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "._-"))
        guard let name = version.addingPercentEncoding(withAllowedCharacters: allowed), !name.isEmpty else {
            throw CommandFailure.usage("\"\(version)\" is no name of a version")
        }
        let file = try api.data("/api/v1/models/\(name)/file", [("cohort", cohort)])
        guard !file.isEmpty else { throw CommandFailure.failed("version \(version): the coordinator sent nothing") }
        return file
    }

    /// An architecture in one line of JSON.
    static func text(_ architecture: NetworkArchitecture) throws(WireError) -> String {
        String(decoding: try Wire.encode(architecture), as: UTF8.self)
    }

    /// A version's file, read.
    func artifact(_ version: String, from api: CoordinatorAPI) throws -> (digest: Digest, model: ModelArtifact) {
        let file = try file(of: version, from: api)
        do throws(ModelArtifactError) { return (Digest(of: file), try ModelArtifact(parsing: file)) } catch {
            throw CommandFailure.failed("version \(version): \(error)")
        }
    }
}

/// `linnet models show V`: what is in a version's file.
struct ModelShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what is in a version's file: layers, scaler, threshold policy, provenance."
    )

    @OptionGroup var arguments: VersionArguments

    @Argument(help: "The version: its number, an alias, or the beginning of its digest.")
    var version: String

    struct Contents: Codable {
        var digest: Digest
        var layers: String
        var parameters: Int
        var windowLength: Int
        var falseAlarmsPerDay: Double
        var scaling: ScalingRule
        var scalerCenter: [Float]
        var scalerScale: [Float]
        var provenance: [String: String]
        /// How it does on agents that did not train it; absent until that is known.
        var evaluation: VersionEvaluation?
    }

    func run() throws {
        let api = try arguments.options.coordinator()
        let (digest, model) = try arguments.artifact(version, from: api)
        let known = try api.report(ModelsPage.self, "/api/v1/models", [("limit", "1000")]).models
        let contents = Contents(
            digest: digest, layers: try VersionArguments.text(model.architecture), parameters: model.parameters.count,
            windowLength: model.windowLength, falseAlarmsPerDay: model.falseAlarmsPerDay,
            scaling: model.scaler.rule, scalerCenter: model.scaler.center, scalerScale: model.scaler.scale,
            provenance: model.provenance,
            evaluation: known.first { $0.version.digest == digest }?.evaluation)
        if arguments.options.json { return Report.show(json: try Wire.encode(contents)) }
        var table = Table("WHAT", "IS")
        table.add("sha256", .init(digest.hex))
        table.add("layers", .init(contents.layers))
        table.add("parameters", .init(HumanText.count(contents.parameters)))
        table.add("window", .init(HumanText.plural(contents.windowLength, "sample")))
        table.add("scaling", .init(contents.scaling.rawValue))
        table.add("false alarms a day", .init(HumanText.number(contents.falseAlarmsPerDay)))
        if let found = contents.evaluation {
            table.add(
                "evaluated",
                .init(
                    "loss \(HumanText.number(found.loss)) (\(HumanText.number(found.leastLoss)) to "
                        + "\(HumanText.number(found.greatestLoss))), \(HumanText.number(found.anomalousShare * 100)) % of "
                        + "\(HumanText.plural(found.windows, "window")) anomalous, by "
                        + "\(HumanText.plural(found.agents, "agent")) that did not train it"))
        }
        for (index, scale) in contents.scalerScale.enumerated() {
            table.add(
                .init("channel \(index + 1)"),
                .init(
                    "center \(HumanText.number(Double(contents.scalerCenter[index]))), scale \(HumanText.number(Double(scale)))"
                ))
        }
        for (key, value) in contents.provenance.sorted(by: { $0.key < $1.key }) {
            table.add(.init("provenance.\(key)"), .init(value))
        }
        Report.show(table.lines(on: .standardOutput()))
    }
}

/// `linnet models export V --to FILE`.
struct ModelExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a version's safetensors file, byte for byte what agents run.")

    @OptionGroup var arguments: VersionArguments

    @Argument(help: "The version: its number, an alias, or the beginning of its digest.")
    var version: String

    @Option(help: "The file to write.")
    var to: String

    func run() throws {
        let file = try arguments.file(of: version, from: try arguments.options.coordinator())
        do { try file.write(to: URL(fileURLWithPath: to), options: .atomic) } catch {
            throw CommandFailure.failed("\(to): can not be written: \(error.localizedDescription)")
        }
        let digest = Digest(of: file)
        if arguments.options.json {
            struct Written: Codable { var digest: Digest, bytes: Int }
            return Report.show(json: try Wire.encode(Written(digest: digest, bytes: file.count)))
        }
        Report.show(["\(to): \(HumanText.bytes(file.count)), sha256 \(digest.hex)"])
    }
}

/// `linnet models import FILE`.
struct ModelImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring in a model that was trained elsewhere, as a version that nobody runs yet.",
        discussion: """
            The file is what linnet train or linnet models export wrote; of a trained model the device's own calibration \
            stays here. It must be whole, finite, and for the cohort's windows; the channels, units and sampling interval \
            that it says it has learned must be the cohort's. It reaches agents like any other version, by linnet rollout, \
            and becomes a base for rounds only once the whole cohort runs it.

              linnet tune --input normal.csv --output pump.yaml
              linnet train --config pump.yaml --input normal.csv --output pump.safetensors
              linnet models import pump.safetensors
              linnet rollout plan 4 --start
            """)

    @OptionGroup var arguments: VersionArguments

    @Argument(help: "The safetensors file.")
    var file: String

    @Flag(help: "Take a model that has learned other signals, though windows have the same shape.")
    var allowDifferentSignals = false

    func run() throws {
        guard var bytes = FileManager.default.contents(atPath: file) else {
            throw CommandFailure.usage("\(file): there is no file that can be read")
        }
        // Any other file is the coordinator's to judge.
        if let trained = try? TrainedModel(parsing: bytes) { bytes = trained.artifact.encoded() }
        let options = arguments.options
        var api = try options.coordinator()
        api.timeoutSeconds = 60
        let body = try api.change(
            "POST", "/api/v1/models",
            [("cohort", arguments.cohort), ("signals", allowDifferentSignals ? "any" : nil)], body: bytes,
            token: try options.token())
        if options.json { return Report.show(json: body) }
        let version = try api.read(ModelVersion.self, from: body, of: "/api/v1/models")
        let cohort = arguments.cohort.map { " --cohort \($0)" } ?? ""
        Report.show(["Version \(version). Roll it out with: linnet rollout plan \(version.number)\(cohort)"])
    }
}

/// `linnet models alias NAME V`.
struct ModelAliasCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alias", abstract: "Let a name such as champion or candidate mean a version.")

    @OptionGroup var arguments: VersionArguments

    @Argument(help: "The name: begins with a letter, and is no hexadecimal number.")
    var name: String

    @Argument(help: "The version: its number, another alias, or the beginning of its digest.")
    var version: String

    func run() throws {
        let options = arguments.options
        let api = try options.coordinator()
        guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }), !name.isEmpty
        else {
            throw CommandFailure.usage("\"\(name)\" is no alias; it is made of A-Z a-z 0-9 . _ -")
        }
        let cohort: CohortID?
        do throws(IdentifierError) {
            cohort = try arguments.cohort.map { name throws(IdentifierError) in try CohortID(name) }
        } catch {
            throw CommandFailure.usage("\(error)")
        }
        let body = try api.change(
            "PUT", "/api/v1/aliases/\(name)", body: try Wire.encode(AliasRequest(cohort: cohort, version: version)),
            token: try options.token())
        if options.json { return Report.show(json: body) }
        Report.show(["\(name) means version \(version) now."])
    }
}
