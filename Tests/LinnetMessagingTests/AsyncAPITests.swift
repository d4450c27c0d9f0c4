// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import Testing
import Yams

@Suite("The AsyncAPI document")
struct AsyncAPITests {
    private let document: AsyncAPIDocument

    init() throws { document = try AsyncAPIDocument() }

    /// The channel that documents a topic; a new topic does not compile until it has one.
    private static func channel(of topic: Topic) -> String {
        switch topic {
        case .presence: "presence"
        case .state: "state"
        case .anomaly: "anomaly"
        case .rollout: "rollout"
        case .get: "get"
        case .update: "update"
        case .acknowledgement: "acknowledgement"
        case .desired: "desired"
        case .round: "round"
        case .release: "release"
        case .model: "model"
        }
    }

    /// One topic a case, and the address that stands for all of its kind.
    private static let topics: [(topic: Topic, address: String)] = {
        let agent = AgentID(checked: "{agent}")
        let cohort = CohortID(checked: "{cohort}")
        let device = DeviceID(checked: "{device}")
        // Numbers and digests can not hold a parameter's name, so it is put in afterwards.
        let stand: [(Topic, [String: String])] = [
            (.presence(agent), [:]), (.state(agent), [:]), (.anomaly(agent, device), [:]),
            (.rollout(agent, release: 7001), ["7001": "{release}"]), (.get(agent), [:]),
            (.update(agent, round: 7002, part: 7003), ["7002": "{round}", "7003": "{part}"]),
            (.acknowledgement(agent), [:]), (.desired(agent), [:]), (.round(cohort), [:]), (.release(cohort), [:]),
            (.model(Samples.digest, index: 7004), [Samples.digestHex: "{digest}", "7004": "{index}"]),
        ]
        return stand.map { topic, names in
            var address = TopicScheme().text(topic)
            for (number, name) in names { address = address.replacing(number, with: name) }
            return (topic, address)
        }
    }()

    @Test("every topic has a channel with its address and its parameters, and there are no others")
    func channels() throws {
        let channels = try #require(try document.node("channels").mapping)
        #expect(Set(channels.keys.compactMap(\.string)) == Set(Self.topics.map { Self.channel(of: $0.topic) }))

        for (topic, address) in Self.topics {
            let channel = try document.node("channels", Self.channel(of: topic))
            #expect(channel["address"]?.string == address)
            let named = address.matches(of: /\{([a-z]+)\}/).map { String($0.output.1) }
            #expect(Set(channel["parameters"]?.mapping?.keys.compactMap(\.string) ?? []) == Set(named))
            #expect(channel["messages"]?.mapping?.isEmpty == false)
        }
    }

    @Test("direction, quality of service, retained flag and expiry are the code's")
    func operations() throws {
        let operations = try #require(try document.node("operations").mapping)
        #expect(operations.count == Self.topics.count)
        for (topic, _) in Self.topics {
            let reference = "#/channels/\(Self.channel(of: topic))"
            let operation = try #require(
                operations.map(\.value).first { $0["channel"]?["$ref"]?.string == reference }, "\(reference)")
            let binding = try #require(operation["bindings"]?["mqtt"])
            let message = TopicScheme().message(topic, payload: Data())

            #expect(operation["action"]?.string == (topic.sender == nil ? "receive" : "send"))
            #expect(binding["qos"]?.int == 1)
            #expect(binding["retain"]?.bool == topic.isRetained)
            #expect(message.isRetained == topic.isRetained)
            #expect(binding["messageExpiryInterval"]?.int == topic.expirySeconds.map(Int.init), "\(reference)")
            #expect(message.expirySeconds == topic.expirySeconds)
            #expect(binding["bindingVersion"]?.string == "0.2.0")
        }
    }

    /// A payload with every field, one with none that may be left out, and how its bytes are read.
    private struct Example {
        let schema: String
        let full: Data
        let least: Data
        let read: (Data) throws -> Void

        init<Payload: Codable>(_ schema: String, full: Payload, least: Payload) throws {
            self.schema = schema
            self.full = try Wire.encode(full)
            self.least = try Wire.encode(least)
            read = { _ = try Wire.decode(Payload.self, from: $0) }
        }
    }

    private static func examples() throws -> [Example] {
        var state = Samples.state
        (state.active, state.previous, state.candidate, state.sitsOut) = (nil, nil, nil, nil)
        (state.confirmed, state.site, state.tags, state.answers) = (nil, nil, nil, nil)
        state.refused = nil
        (state.devices[0].score, state.devices[0].threshold) = (nil, nil)
        (state.devices[0].alarmSince, state.devices[0].drift, state.devices[0].weights) = (nil, nil, nil)
        var offer = Samples.offer
        (offer.kind, offer.base) = (.statistics, nil)
        (offer.spreadMilliseconds, offer.nextAt, offer.lineages, offer.control) = (nil, nil, nil, nil)
        var header = Samples.header
        (header.kind, header.base, header.lossBefore, header.lossAfter) = (.statistics, nil, nil, nil)
        header.scores = nil
        var manifest = Samples.manifest
        (manifest.parent, manifest.reverts, manifest.origin, manifest.lineage) = (nil, nil, nil, nil)
        (manifest.switchWhen, manifest.expiresAt) = (nil, nil)
        var desired = Samples.desired
        desired.manifest = manifest
        var acknowledgement = Samples.acknowledgement
        acknowledgement.echo = nil
        var anomaly = Samples.anomaly
        anomaly.event.contributions = []
        (anomaly.event.detector, anomaly.event.severity, anomaly.event.cause) = (nil, nil, nil)
        var statistics = Samples.statistics
        statistics.sketches = nil
        let envelope = try SignedEnvelope(sealing: Samples.offer, with: SigningKey())
        return try [
            Example("Presence", full: Samples.presence, least: Samples.presence),
            Example("AgentState", full: Samples.state, least: state),
            Example("AnomalyMessage", full: Samples.anomaly, least: anomaly),
            Example("RolloutReport", full: Samples.report, least: Samples.report),
            Example("ChunkRequest", full: Samples.request, least: Samples.request),
            Example("UpdateHeader", full: Samples.header, least: header),
            Example("StatisticsBody", full: Samples.statistics, least: statistics),
            Example("EvaluationBody", full: Samples.evaluation, least: Samples.evaluation),
            Example("Acknowledgement", full: Samples.acknowledgement, least: acknowledgement),
            Example("RoundOffer", full: Samples.offer, least: offer),
            Example("ReleaseManifest", full: Samples.manifest, least: manifest),
            Example("DesiredVersion", full: Samples.desired, least: desired),
            Example("SignedEnvelope", full: envelope, least: envelope),
        ]
    }

    @Test("every payload's keys, types and values are those of its schema, required ones and all")
    func payloads() throws {
        for example in try Self.examples() {
            let schema = try document.node("components", "schemas", example.schema)
            for (bytes, keys) in [(example.full, SchemaCheck.Keys.all), (example.least, .required)] {
                let value = try #require(try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self)))
                var check = SchemaCheck(document: document, keys: keys)
                try check.check(value, against: schema, at: [example.schema])
            }
        }
    }

    @Test("every bound that is documented is kept: the next number outside it is refused")
    func bounds() throws {
        var tried = 0
        for example in try Self.examples() {
            let schema = try document.node("components", "schemas", example.schema)
            let value = try #require(try Yams.compose(yaml: String(decoding: example.full, as: UTF8.self)))
            var check = SchemaCheck(document: document, keys: .all)
            try check.check(value, against: schema)
            for (path, number) in check.outside {
                let text = json(value, replacing: path, with: number)
                #expect(throws: WireError.self, "\(example.schema).\(path.joined(separator: ".")) = \(number)") {
                    try example.read(Data(text.utf8))
                }
                tried += 1
            }
            // The way bytes are put together again here must not be what is refused.
            #expect(throws: Never.self) { try example.read(Data(json(value, replacing: ["-"], with: "").utf8)) }
        }
        #expect(tried > 40)
    }

    @Test("every payload of a channel has an example here, and every reference leads somewhere")
    func complete() throws {
        var used: Set<String> = []
        try document.visit { node, path in
            guard let reference = node["$ref"]?.string else { return }
            _ = try document.resolve(node)
            if path.contains("/messages/"), reference.hasPrefix("#/components/schemas/") {
                used.insert(String(reference.dropFirst("#/components/schemas/".count)))
            }
        }
        #expect(used == Set(try Self.examples().map(\.schema) + ["Chunk"]))
    }

    @Test("every field is described")
    func descriptions() throws {
        document.visit { node, path in
            guard path.hasSuffix("/properties"), let properties = node.mapping else { return }
            for (key, value) in properties {
                #expect(value["description"] != nil || value["$ref"] != nil, "\(path)/\(key.string ?? "?")")
            }
        }
    }

    @Test("closed lists of words are the code's")
    func words() throws {
        func words(_ path: [String]) throws -> Set<String> {
            var node = try document.node("components", "schemas")
            for key in path { node = try document.resolve(try #require(node[key])) }
            return Set(try #require(node["enum"]).array().compactMap(\.string))
        }
        #expect(try words(["DeviceState", "properties", "phase"]) == Set(AlarmPhase.allCases.map(\.rawValue)))
        #expect(try words(["RolloutReport", "properties", "state"]) == Set(RolloutState.allCases.map(\.rawValue)))
        #expect(try words(["RoundKind"]) == Set(RoundKind.allCases.map(\.rawValue)))
        #expect(
            try words(["AnomalyMessage", "properties", "state"])
                == Set([AnomalyEvent.State.firing, .cleared].map(\.rawValue)))
        #expect(
            try words(["AnomalyMessage", "properties", "detector"]) == Set(DetectorKind.allCases.map(\.rawValue)))
        #expect(
            try words(["AnomalyMessage", "properties", "severity"]) == Set(AlarmSeverity.allCases.map(\.rawValue)))
        #expect(try words(["DeviceState", "properties", "drift"]) == Set(DriftSource.allCases.map(\.rawValue)))
        #expect(try words(["DeviceState", "properties", "weights"]) == Set(WeightKind.allCases.map(\.rawValue)))
    }

    @Test("limits, signed types and the worked examples are the code's")
    func examplesInText() throws {
        let schemas = try document.node("components", "schemas")
        #expect(schemas["Chunk"]?["maxLength"]?.int == ChunkPlan.maximumChunkBytes)
        #expect(schemas["ChunkPlan"]?["properties"]?["bytes"]?["maximum"]?.int == ChunkPlan.maximumFileBytes)
        let messages = try document.node("components", "messages")
        #expect(messages["updateHeader"]?["x-signed-type"]?.string == UpdateHeader.payloadType)
        #expect(messages["desired"]?["x-signed-type"]?.string == DesiredVersion.payloadType)
        #expect(messages["round"]?["x-signed-type"]?.string == RoundOffer.payloadType)
        #expect(messages["release"]?["x-signed-type"]?.string == ReleaseManifest.payloadType)

        let text = try #require(try document.node("info", "description").string)
        for fact in [
            Samples.signature, Samples.verifyingKeyHex, Samples.signedType, Samples.signedBody,
            "For this contract the cohort is `\(Samples.cohort)`", "at most \(Wire.maximumJSONBytes / 1024) KiB",
        ] {
            #expect(text.contains(fact), "\(fact)")
        }
        // The contract's text stands in the document line by line.
        for line in Samples.contract.canonicalText.split(separator: "\n") { #expect(text.contains(line)) }

        let will = try document.node("servers", "plant", "bindings", "mqtt", "lastWill")
        let presence = try Wire.decode(Presence.self, from: Data(try #require(will["message"]?.string).utf8))
        #expect(!presence.online)
        #expect(TopicScheme().parse(will["topic"]?.string ?? "") == .presence(Samples.agent))
    }
}
