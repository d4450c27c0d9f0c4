// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging
import LinnetNumerics
import Testing

@Suite("Topics")
struct TopicTests {
    private let scheme = TopicScheme()
    private static let all: [(Topic, String)] = [
        (.presence(Samples.agent), "linnet/v1/up/press-2/presence"),
        (.state(Samples.agent), "linnet/v1/up/press-2/state"),
        (.anomaly(Samples.agent, Samples.device), "linnet/v1/up/press-2/anomaly/pump"),
        (.rollout(Samples.agent, release: 4), "linnet/v1/up/press-2/rollout/4"),
        (.get(Samples.agent), "linnet/v1/up/press-2/get"),
        (.update(Samples.agent, round: 7, part: 0), "linnet/v1/up/press-2/update/7/0"),
        (.acknowledgement(Samples.agent), "linnet/v1/down/press-2/ack"),
        (.desired(Samples.agent), "linnet/v1/down/press-2/desired"),
        (.round(Samples.cohort), "linnet/v1/bcast/round/c-4c73cb118243"),
        (.release(Samples.cohort), "linnet/v1/bcast/release/c-4c73cb118243"),
        (.model(Samples.digest, index: 12), "linnet/v1/bcast/model/\(Samples.digestHex)/12"),
    ]

    @Test("every topic is written as documented and read back the same")
    func roundTrip() {
        for (topic, text) in Self.all {
            #expect(scheme.text(topic) == text)
            #expect(scheme.parse(text) == topic)
        }
        let other = TopicScheme(prefix: "plant-7/line/linnet")
        for (topic, text) in Self.all {
            #expect(other.parse(other.text(topic)) == topic)
            #expect(other.parse(text) == nil)
        }
    }

    @Test("only what agents say has a sender")
    func sender() {
        for (topic, text) in Self.all {
            #expect(topic.sender == (text.contains("/up/") ? Samples.agent : nil))
        }
    }

    @Test(
        "a topic that is not Linnet's is no topic",
        arguments: [
            "", "/", "linnet/v1", "linnet/v1/", "linnet/v1/up", "linnet/v1/up/press-2", "linnet/v1/up/press-2/",
            "linnet/v1/up//presence", "linnet/v1/up/press-2/presence/", "linnet/v1/up/press-2/presence/x",
            "linnet/v1/up/+/presence", "linnet/v1/up/a b/presence", "linnet/v1/up/_echo/presence",
            "linnet/v1/up/press-2/Presence", "linnet/v1/up/press-2/anomaly", "linnet/v1/up/press-2/anomaly/",
            "linnet/v1/up/press-2/update/7", "linnet/v1/up/press-2/update/7/-1", "linnet/v1/up/press-2/update/07/0",
            "linnet/v1/up/press-2/update/+7/0", "linnet/v1/up/press-2/update/7/0x1", "linnet/v1/up/press-2/update/٧/0",
            "linnet/v1/up/press-2/update/9999999999999999999/0", "linnet/v1/down/press-2/state",
            "linnet/v1/down/press-2/ack/1", "linnet/v1/bcast/round", "linnet/v1/bcast/round/", "linnet/v1/bcast/x/y",
            "linnet/v1/bcast/model/0123/0", "linnet/v2/up/press-2/presence", "xlinnet/v1/up/press-2/presence",
            "$SYS/broker/uptime", "linnet/v1/up/press-2/presence\u{0}",
        ])
    func foreign(text: String) {
        #expect(scheme.parse(text) == nil)
    }

    @Test("random topics never trap, and what is read is written the same way")
    func random() {
        var generator = SeededGenerator(seed: 8)
        let words = [
            "linnet", "v1", "up", "down", "bcast", "press-2", "anomaly", "update", "", "7", "0", "ack", "model",
        ]
        for _ in 0..<20_000 {
            let levels = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                words[Int.random(in: words.indices, using: &generator)]
            }
            let text = "linnet/v1/" + levels.joined(separator: "/")
            if let topic = scheme.parse(text) { #expect(scheme.text(topic) == text) }
        }
        #expect(scheme.parse("linnet/v1/up/" + String(repeating: "x/", count: 100_000)) == nil)
    }

    @Test("the filters of a side cover the topics it listens to, and no others")
    func filters() {
        for (topic, text) in Self.all {
            let isUp = topic.sender != nil
            #expect(scheme.fromAgents.count { $0.matches(text) } == (isUp ? 1 : 0))
            let isToAgent = [.acknowledgement(Samples.agent), .desired(Samples.agent)].contains(topic)
            #expect(scheme.toAgent(Samples.agent).matches(text) == isToAgent)
            #expect(scheme.rounds(of: Samples.cohort).matches(text) == (topic == .round(Samples.cohort)))
            #expect(scheme.releases(of: Samples.cohort).matches(text) == (topic == .release(Samples.cohort)))
            #expect(scheme.modelChunks.matches(text) == text.contains("/model/"))
        }
    }
}

@Suite("Topic filters")
struct TopicFilterTests {
    @Test(
        "match as section 4.7 of MQTT 5 says",
        arguments: [
            ("sport/tennis/player1/#", "sport/tennis/player1", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
            ("sport/#", "sport", true), ("#", "a/b", true), ("#", "/", true),
            ("sport/tennis/+", "sport/tennis/player1", true),
            ("sport/tennis/+", "sport/tennis/player1/ranking", false),
            ("sport/+", "sport", false), ("sport/+", "sport/", true),
            ("+/+", "/finance", true), ("/+", "/finance", true), ("+", "/finance", false),
            ("+/tennis/#", "sport/tennis", true), ("#", "$SYS/x", false),
            ("+/monitor/Clients", "$SYS/monitor/Clients", false),
            ("$SYS/#", "$SYS/monitor/Clients", true), ("$SYS/monitor/+", "$SYS/monitor/Clients", true),
            ("ACCOUNTS", "Accounts", false), ("a/b", "a/b", true), ("a/b", "a/b/", false), ("a/b/", "a/b", false),
            ("a//b", "a//b", true), ("a/+/b", "a//b", true), ("a/b/c", "a/b", false),
        ] as [(String, String, Bool)])
    func matches(filter: String, topic: String, expected: Bool) {
        #expect(TopicFilter(filter).matches(topic) == expected)
    }
}
