// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import Hummingbird
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import NIOCore

extension ConsoleRouter {
    /// Most bytes of a request that changes something.
    private static let maximumBodyBytes = 65_536
    /// Largest model that is taken: what an agent takes.
    private static let maximumModelBytes = 64 << 20

    /// What reads rollouts, and what changes them.
    func addRollouts(to api: RouterGroup<BasicRequestContext>) {
        api.get("rollouts") { request, _ in
            let query = try ConsoleQuery(request, allowed: ["limit"])
            let limit = try query.limit()
            return try Self.json(RolloutsPage(rollouts: await self.coordinator.rolloutStatuses(limit: limit)))
        }
        api.get("rollout-plan") { _, _ in try Self.json(self.coordinator.settings.rolloutPlan) }
        api.get("rollouts/:rollout") { _, context in
            let number = try context.parameters.require("rollout", as: Int.self)
            return try await Self.answer { try await self.coordinator.status(of: number) }
        }
        api.get("rollouts/:rollout/history") { request, context in
            let number = try context.parameters.require("rollout", as: Int.self)
            let query = try ConsoleQuery(request, allowed: ["limit"])
            return try Self.json(EvidencePage(evidence: self.store.evidence(of: number, limit: query.limit())))
        }
        api.post("rollouts") { request, _ in
            let who = try self.operatorName(request)
            let asked = try await Self.body(RolloutRequest.self, of: request)
            return try await Self.answer { try await self.coordinator.plan(asked, by: who) }
        }
        api.post("rollouts/:rollout/:command") { request, context in
            let who = try self.operatorName(request)
            let number = try context.parameters.require("rollout", as: Int.self)
            guard let command = RolloutCommand(rawValue: try context.parameters.require("command")) else {
                throw HTTPError(
                    .badRequest,
                    message: "what can be asked of a rollout is "
                        + RolloutCommand.allCases.map(\.rawValue).joined(separator: ", "))
            }
            let wish = try await Self.body(RolloutWish.self, of: request)
            return try await Self.answer {
                try await self.coordinator.ask(command, of: number, to: wish.to, by: who, why: wish.why)
            }
        }
        api.get("models/:version/file") { request, context in
            let query = try ConsoleQuery(request, allowed: ["cohort"])
            let name = try context.parameters.require("version")
            let cohort: CohortID? = try query.identifier("cohort")
            return try await Self.refusing {
                let file = try await self.coordinator.file(of: name, cohort: cohort)
                return Response(
                    status: .ok, headers: [.contentType: "application/octet-stream"],
                    body: .init(byteBuffer: ByteBuffer(bytes: file)))
            }
        }
        api.post("models") { request, _ in
            let who = try self.operatorName(request)
            let query = try ConsoleQuery(request, allowed: ["cohort", "signals"])
            let cohort: CohortID? = try query.identifier("cohort")
            let allows = try query.choice("signals", of: ["same", "any"]) == "any"
            let file = try await Self.bytes(of: request, limit: Self.maximumModelBytes)
            return try await Self.answer {
                try await self.coordinator.bring(file, to: cohort, allowingOtherSignals: allows, by: who)
            }
        }
        api.put("aliases/:alias") { request, context in
            let who = try self.operatorName(request)
            let alias = try context.parameters.require("alias")
            let asked = try await Self.body(AliasRequest.self, of: request)
            return try await Self.answer {
                try await self.coordinator.name(alias, cohort: asked.cohort, version: asked.version, by: who)
                return asked
            }
        }
    }

    /// Whose token the request carries.
    ///
    /// - Throws: 401 if it carries none, or nobody's.
    func operatorName(_ request: Request) throws -> String {
        let scheme = "Bearer "
        guard let field = request.headers[.authorization], field.hasPrefix(scheme),
            let name = operators.name(of: String(field.dropFirst(scheme.count)))
        else {
            throw HTTPError(
                .unauthorized,
                message:
                    "this changes something and needs an operator's token: the coordinator's state folder has it in "
                    + "\(Operators.folderName)/\(Operators.firstName).token, readable by the coordinator's user only")
        }
        return name
    }

    private static func body<Body: Decodable>(_ type: Body.Type, of request: Request) async throws -> Body {
        let bytes = try await bytes(of: request, limit: maximumBodyBytes)
        do throws(WireError) { return try Wire.decode(type, from: bytes, limit: maximumBodyBytes) } catch {
            throw HTTPError(.badRequest, message: "\(error)")
        }
    }

    private static func bytes(of request: Request, limit: Int) async throws -> Data {
        do { return Data(try await request.body.collect(upTo: limit).readableBytesView) } catch {
            throw HTTPError(.contentTooLarge, message: "this request has at most \(limit) bytes")
        }
    }

    private static func answer(_ work: () async throws -> some Encodable) async throws -> Response {
        try await refusing { try json(try await work()) }
    }

    private static func refusing(_ work: () async throws -> Response) async throws -> Response {
        do { return try await work() } catch let error as RolloutRequestError {
            // The request is fine in itself; what is stored does not allow it.
            throw HTTPError(.conflict, message: error.description)
        }
    }
}
