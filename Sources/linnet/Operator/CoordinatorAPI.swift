// SPDX-License-Identifier: Apache-2.0

import Foundation
import FoundationNetworking
import Synchronization

/// Speaks to a coordinator's HTTP API in JSON; what changes something carries an operator's token.
struct CoordinatorAPI: Sendable {
    /// Where a coordinator listens unless it is told otherwise.
    static let standardAddress = "http://127.0.0.1:8780"

    let base: URL
    var timeoutSeconds: Double = 10

    /// - Throws: a usage failure for an address that is no `http://host:port`.
    init(address: String) throws(CommandFailure) {
        guard let url = URL(string: address), url.scheme == "http" || url.scheme == "https", url.host != nil else {
            throw .usage(
                "--api: \"\(address)\" is no address of an API; write it like \(Self.standardAddress)")
        }
        base = url
    }

    /// Asks for one page.
    ///
    /// - Returns: the body of an answer with status 200.
    /// - Throws: unavailable where nobody answers in time; failed where the answer is another status.
    func data(_ path: String, _ query: [(String, String?)] = []) throws(CommandFailure) -> Data {
        let url = try address(of: path, query)
        var request = URLRequest(url: url, timeoutInterval: timeoutSeconds)
        request.setValue("application/json", forHTTPHeaderField: "Accept")
        return try answer(to: request, at: url)
    }

    /// Asks for a change.
    ///
    /// - Parameter token: the operator's.
    /// - Returns: the body of an answer with status 200.
    func change(
        _ method: String, _ path: String, _ query: [(String, String?)] = [], body: Data, token: String
    ) throws(CommandFailure) -> Data {
        let url = try address(of: path, query)
        var request = URLRequest(url: url, timeoutInterval: timeoutSeconds)
        request.httpMethod = method
        request.httpBody = body
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        request.setValue("application/json", forHTTPHeaderField: "Accept")
        return try answer(to: request, at: url)
    }

    private func answer(to request: URLRequest, at url: URL) throws(CommandFailure) -> Data {
        let (status, body) = try fetch(request)
        guard status == 200 else {
            let text = (try? JSONDecoder().decode(Refusal.self, from: body))?.error  // any other body says nothing
            // The coordinator says why it can not answer, in words of its own.
            if [400, 401, 409, 413].contains(status), let text { throw .failed(text) }
            throw .failed(
                "\(url.absoluteString): answered \(status)\(text.map { ": \($0)" } ?? ""); is this a Linnet coordinator "
                    + "of the same version?")
        }
        return body
    }

    /// Asks for one page and reads it.
    func report<Report: Decodable>(
        _ type: Report.Type, _ path: String, _ query: [(String, String?)] = []
    ) throws(CommandFailure) -> Report {
        try read(type, from: try data(path, query), of: path)
    }

    /// Reads an answer.
    func read<Report: Decodable>(
        _ type: Report.Type, from body: Data, of path: String
    ) throws(CommandFailure) -> Report {
        do {
            return try JSONDecoder().decode(type, from: body)
        } catch {
            throw .failed(
                "\(base.absoluteString)\(path): the answer is not what this version of linnet reads (\(error)); use the "
                    + "linnet that came with the coordinator, or --json")
        }
    }

    private struct Refusal: Decodable { let error: String }

    private func address(of path: String, _ query: [(String, String?)]) throws(CommandFailure) -> URL {
        var components = URLComponents(url: base, resolvingAgainstBaseURL: false)
        components?.path = (base.path.hasSuffix("/") ? String(base.path.dropLast()) : base.path) + path
        let items = query.compactMap { name, value in value.map { URLQueryItem(name: name, value: $0) } }
        components?.queryItems = items.isEmpty ? nil : items
        guard let url = components?.url else {
            throw .usage("--api: \(base.absoluteString) can not be extended by \(path)")
        }
        return url
    }

    private enum Outcome: Sendable {
        case answered(Int, Data)
        case failed(String)
    }

    /// Carries the outcome from the session's thread to the caller's.
    private final class Answer: Sendable {
        let outcome: Mutex<Outcome>
        init(_ outcome: Outcome) { self.outcome = Mutex(outcome) }
    }

    private func fetch(_ request: URLRequest) throws(CommandFailure) -> (Int, Data) {
        let answer = Answer(.failed("no answer in \(timeoutSeconds) s"))
        let done = DispatchSemaphore(value: 0)
        let task = URLSession.shared.dataTask(with: request) { body, response, error in
            if let response = response as? HTTPURLResponse {
                answer.outcome.withLock { $0 = .answered(response.statusCode, body ?? Data()) }
            } else if let error {
                answer.outcome.withLock { $0 = .failed(error.localizedDescription) }
            }
            done.signal()
        }
        task.resume()
        if done.wait(timeout: .now() + timeoutSeconds + 1) == .timedOut { task.cancel() }
        switch answer.outcome.withLock({ $0 }) {
        case .answered(let status, let body): return (status, body)
        case .failed(let reason):
            throw .unavailable(
                "no coordinator answers at \(base.absoluteString) (\(reason)); start one with linnet-coordinator run, or "
                    + "name its address with --api, its state folder with --state, or LINNET_API")
        }
    }
}
