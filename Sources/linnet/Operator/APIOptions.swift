// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// What every command that asks the coordinator has in common.
struct APIOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Address of the coordinator's HTTP API.", valueName: "url"))
    var api: String?

    @Option(
        help: ArgumentHelp("The coordinator's state folder, whose api.json says where it listens.", valueName: "dir"))
    var state: String?

    @Flag(help: "Print the API's JSON instead of a table.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "The file with the operator's token, for what changes something; otherwise the one in --state.",
            valueName: "file"))
    var tokenFile: String?

    private struct Announcement: Decodable { let apiURL: String }

    /// The API that these options, or else the environment, name.
    func coordinator() throws(CommandFailure) -> CoordinatorAPI {
        if let api { return try CoordinatorAPI(address: api) }
        if let state { return try CoordinatorAPI(address: Self.announced(in: state)) }
        if let named = ProcessInfo.processInfo.environment["LINNET_API"], !named.isEmpty {
            return try CoordinatorAPI(address: named)
        }
        return try CoordinatorAPI(address: CoordinatorAPI.standardAddress)
    }

    /// The token that these options, or else the environment, name.
    func token() throws(CommandFailure) -> String {
        let named = ProcessInfo.processInfo.environment["LINNET_TOKEN_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        guard let path = tokenFile ?? named ?? state.map({ "\($0)/operators/operator.token" }) else {
            throw .usage(
                "this changes something and needs the operator's token: name its file with --token-file or "
                    + "LINNET_TOKEN_FILE, or the coordinator's state folder with --state; the coordinator has made it in "
                    + "operators/operator.token there")
        }
        guard let bytes = FileManager.default.contents(atPath: path), bytes.count <= 512 else {
            throw .failed("\(path): there is no token that can be read; run this as the coordinator's user")
        }
        return String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    }

    private static func announced(in folder: String) throws(CommandFailure) -> String {
        let file = "\(folder)/api.json"
        guard let body = FileManager.default.contents(atPath: file) else {
            throw .unavailable(
                "--state \(folder): there is no api.json that can be read; the coordinator writes it once its API listens"
            )
        }
        do {
            return try JSONDecoder().decode(Announcement.self, from: body).apiURL
        } catch {
            throw .failed("\(file): no JSON with \"apiURL\" in it; start the coordinator again to have it rewritten")
        }
    }
}
