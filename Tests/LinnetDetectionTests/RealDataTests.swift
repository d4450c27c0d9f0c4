// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import Testing

/// A folder of real data sets, where there is one.
private let dataFolder = ProcessInfo.processInfo.environment["LINNET_DATA"]

@Suite("Real recordings", .enabled(if: dataFolder != nil, "LINNET_DATA names no folder of data sets"))
struct RealDataTests {
    private static let files = ["other/5.csv", "valve1/0.csv", "valve1/6.csv", "valve2/1.csv"]

    private func replay(_ file: String) throws -> CSVReplay {
        var settings = CSVReplaySettings(
            path: try #require(dataFolder) + "/skab/" + file, speed: 20, loops: true,
            time: .replayed(startingAt: Chain.epoch))
        settings.labelColumn = "anomaly"
        settings.labelledRows = .skip
        settings.ignoredColumns = ["changepoint"]
        return try CSVReplay(settings: settings, pacer: .immediate)
    }

    @Test(
        "a fault laid over a real recording raises exactly one alarm on its channel", arguments: files,
        [FaultKind.drift, .spike, .dropout, .stuck])
    func overlaidFaults(file: String, kind: FaultKind) async throws {
        let fault = Fault(
            kind: kind, startsAt: Chain.epoch.adding(milliseconds: 75_000), durationMilliseconds: 10_000,
            channel: "Temperature")
        var source = try FaultOverlay(try replay(file), faults: [fault])
        var chain = Chain(source: source)
        #expect(chain.contract.channels.count == 8)
        #expect(chain.contract.intervalMilliseconds == 50)
        // A lap and two thirds: what the newer windows show, the older ones have shown.
        try chain.learn(try await chain.windows(310, from: &source))

        try await chain.watch(&source, until: Chain.epoch.adding(milliseconds: 105_000))

        let during = chain.raised.filter {
            $0.endedAt >= fault.startsAt && $0.startedAt < fault.startsAt.adding(milliseconds: 11_000)
        }
        #expect(during.count == 1, "alarms at \(chain.raised.map { $0.startedAt.milliseconds(since: Chain.epoch) })")
        #expect(chain.raised.count <= 2)
    }
}
