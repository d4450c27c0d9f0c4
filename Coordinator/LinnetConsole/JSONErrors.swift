// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Logging

/// Answers every failure as JSON: `{"error": "what was wrong, and what is allowed"}`.
struct JSONErrors<Context: RequestContext>: RouterMiddleware {
    private struct Failure: Encodable {
        let error: String
    }

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws
        -> Response
    {
        do {
            return try await next(request, context)
        } catch let error as HTTPError {
            let message = error.status == .notFound ? "there is nothing at \(request.uri.path)" : error.body
            return try ConsoleRouter.json(Failure(error: message ?? error.status.reasonPhrase), status: error.status)
        } catch {
            context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "reason": "\(error)"])
            return try ConsoleRouter.json(Failure(error: "\(error)"), status: .internalServerError)
        }
    }
}
