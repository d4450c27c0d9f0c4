// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetDomain
import LinnetFleet

/// `linnet anomalies`: the newest anomaly events, or those to come.
struct AnomaliesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anomalies", abstract: "Show anomaly events: device, channel, score, threshold, model.",
        discussion: "Times are UTC. An event is listed again when it changes from firing to cleared.")

    @OptionGroup var options: APIOptions

    @Flag(help: "Keep running, and print events as they come.")
    var follow = false

    @Option(help: "Only this device.")
    var device: String?

    @Option(help: "Only this agent.")
    var agent: String?

    @Option(help: "Only events that started in this time until now, for example 90s, 10m, 2h, 1d.")
    var since: Span?

    @Option(help: "Most events to show; with --follow, most of those that are there already.")
    var limit = 50

    /// Events asked for at once.
    private static let page = 500

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit is \(limit); it must be 1 to 10000") }
    }

    func run() throws {
        let api = try options.coordinator()
        let start = Timestamp.now().adding(milliseconds: -Int64(since?.seconds ?? 0) * 1000)
        let isWanted = { (report: EventReport) in since == nil || report.event.startedAt >= start }
        var (reports, next) = try newest(of: api, where: isWanted, receivedSince: start)
        if options.json, !follow {
            return Report.show(json: try Self.encoder.encode(EventsPage(anomalies: reports, next: next)))
        }
        guard follow else {
            return Report.show(Self.lines(reports.map(\.event), now: .now(), on: .standardOutput()))
        }
        var isReachable = true
        while true {
            try show(reports)
            reports = []
            Thread.sleep(forTimeInterval: 1)
            do {
                let page = try read(api, ("after", "\(next)"))
                (reports, next) = (page.anomalies.filter(isWanted), page.next)
                isReachable = true
            } catch {
                guard error.code == 69 else { throw error }
                // A coordinator that restarts is back in a moment; what happened meanwhile is in its store.
                if isReachable { FileHandle.standardError.write(Data("linnet: \(error); trying again\n".utf8)) }
                isReachable = false
            }
        }
    }

    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()

    private func read(
        _ api: CoordinatorAPI, _ rows: (String, String?)..., limit: Int = page
    ) throws(CommandFailure) -> EventsPage {
        try api.report(
            EventsPage.self, "/api/v1/anomalies", rows + [("limit", "\(limit)"), ("device", device), ("agent", agent)])
    }

    /// Walks back from the newest event until there are `limit` of them, or what came was received before `start`.
    private func newest(
        of api: CoordinatorAPI, where isWanted: (EventReport) -> Bool, receivedSince start: Timestamp
    ) throws(CommandFailure) -> ([EventReport], next: Int64) {
        var kept: [EventReport] = []
        var before: Int64?
        var newest: Int64 = 0
        while kept.count < limit {
            let wanted = min(Self.page, limit - kept.count)
            let page = try read(api, ("order", "newest"), ("before", before.map { "\($0)" }), limit: wanted)
            newest = max(newest, page.anomalies.first?.row ?? 0)
            kept += page.anomalies.filter(isWanted)
            guard let last = page.anomalies.last, since == nil || last.receivedAt >= start else { break }
            before = page.next
        }
        return (kept.reversed(), newest)
    }

    private func show(_ reports: [EventReport]) throws {
        if options.json {
            for report in reports { Report.show(json: try Self.encoder.encode(report)) }
            return
        }
        let terminal = Terminal.standardOutput()
        Report.show(reports.map { Self.line($0.event, on: terminal) })
    }

    static func lines(_ events: [AnomalyEvent], now: Timestamp, on terminal: Terminal) -> [String] {
        guard !events.isEmpty else { return ["No anomaly."] }
        var table = Table(
            "STARTED (UTC)", "DEVICE", "AGENT", "STATE", .right("LASTED"), "CHANNEL", .right("SHARE"),
            .right("OBSERVED"),
            .right("EXPECTED"), .right("SCORE"), .right("THRESHOLD"), .right("VERSION"), "ID")
        for event in events {
            let top = event.contributions.first
            table.add(
                .init(HumanText.dateTime(event.startedAt)), .init(event.device.rawValue), .init(event.agent.rawValue),
                state(event), .init(lasted(event)), .init(top?.channel ?? "–"), .init(share(top)),
                .init(HumanText.number(top?.observed)), .init(HumanText.number(top?.expected)),
                .init(HumanText.number(event.score)), .init(HumanText.number(event.threshold)),
                .init(event.model.isLocal ? "local" : "\(event.model.number)"), .init(event.id.text))
        }
        return table.lines(on: terminal)
    }

    /// One event in one line, for those who follow.
    static func line(_ event: AnomalyEvent, on terminal: Terminal) -> String {
        let top = event.contributions.first
        let cause = top.map { ", mostly \($0.channel) (\(share($0)) of the error)" } ?? ""
        let state = event.state == .firing ? terminal.tinted("FIRING ", .bad) : terminal.tinted("cleared", .good)
        return "\(HumanText.dateTime(event.state == .firing ? event.startedAt : event.endedAt))  \(state)  "
            + "\(event.device) of \(event.agent): score \(HumanText.number(event.peakScore)), threshold "
            + "\(HumanText.number(event.threshold))\(cause)"
    }

    private static func state(_ event: AnomalyEvent) -> Table.Cell {
        event.state == .firing ? .init("FIRING", .bad) : .init("cleared", .good)
    }

    private static func lasted(_ event: AnomalyEvent) -> String {
        HumanText.span(seconds: event.endedAt.milliseconds(since: event.startedAt) / 1000)
    }

    private static func share(_ contribution: ChannelContribution?) -> String {
        guard let share = contribution?.share, share.isFinite else { return "–" }
        return String(format: "%.0f %%", share * 100)
    }
}
