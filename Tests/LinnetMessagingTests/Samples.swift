// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging

/// One payload of every kind, filled in every field, and the very bytes it is on the wire.
enum Samples {
    static let time = Timestamp(milliseconds: 1_767_225_600_000)
    static let session = ULID("01ARYZ6S41TSV4RRFFQ69G5FAV")!
    static let agent = AgentID(checked: "press-2")
    static let device = DeviceID(checked: "pump")
    static let digest = LinnetDomain.Digest(of: Data("0123456789".utf8))
    static let digestHex = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"
    static let contract = SignalContract(
        channels: [Channel(name: "temperature", unit: "degC"), Channel(name: "state")], intervalMilliseconds: 50,
        windowLength: 8)
    static let cohort = CohortID(of: contract)
    static let version = ModelVersion(number: 3, digest: digest)
    static let plan = ChunkPlan(digest: digest, bytes: 10, chunkBytes: 4)
    static let reference = ModelReference(version: version, plan: plan)

    static let presence = Presence(online: true, session: session, at: time)
    static let presenceText = #"{"at":1767225600000,"online":true,"session":"01ARYZ6S41TSV4RRFFQ69G5FAV"}"#

    static let state = AgentState(
        agent: agent, session: session, software: "0.1.0", at: time, cohort: cohort, contract: contract,
        devices: [
            DeviceState(
                id: device, phase: .firing, score: 2.5, threshold: 1.25, windows: 9, alarms: 1, missingCells: 2,
                gaps: 3, discardedSamples: 4, alarmSince: time, drift: .inputs, weights: .local)
        ], active: version, previous: version, candidate: version, release: 5, confirmed: 4, site: "hall 3",
        tags: ["spare"], trainingWindows: 100, outboxDepth: 1, outboxDropped: 0, residentBytes: 20_000_000,
        sitsOut: "2 of 3 devices are under alarm", answers: ["evaluation"], refused: ["replayed": 2], echo: "7")
    static let stateText =
        #"{"active":\#(versionText),"agent":"press-2","answers":["evaluation"],"at":1767225600000,"#
        + #""candidate":\#(versionText),"cohort":"c-4c73cb118243","confirmed":4,"contract":{"channels":["#
        + #"{"name":"temperature","unit":"degC"},"#
        + #"{"name":"state","unit":""}],"intervalMilliseconds":50,"windowLength":8},"devices":[{"#
        + #""alarmSince":1767225600000,"alarms":1,"discardedSamples":4,"drift":"inputs","gaps":3,"#
        + #""id":"pump","missingCells":2,"phase":"firing","score":2.5,"threshold":1.25,"weights":"local","windows":9}],"echo":"7","#
        + #""outboxDepth":1,"outboxDropped":0,"previous":\#(versionText),"refused":{"replayed":2},"#
        + #""release":5,"residentBytes":20000000,"session":"01ARYZ6S41TSV4RRFFQ69G5FAV","site":"hall 3","#
        + #""sitsOut":"2 of 3 devices are under alarm","software":"0.1.0","tags":["spare"],"trainingWindows":100}"#
    static let versionText = #"{"digest":"\#(digestHex)","number":3}"#

    static let other = ModelReference(
        version: ModelVersion(number: 4, digest: Digest(of: Data([4]))),
        plan: ChunkPlan(digest: Digest(of: Data([4])), bytes: 10, chunkBytes: 4))
    static let otherText = referenceText.replacing(digestHex, with: Digest(of: Data([4])).hex)
        .replacing(#""number":3"#, with: #""number":4"#)

    static let offer = RoundOffer(
        cohort: cohort, round: 7, kind: .training, isOpen: true, base: reference, lineages: [other],
        control: plan, settings: ClientSettings(controlVariates: true, localLayers: ["last"]),
        participants: [agent], openedAt: time, deadline: time.adding(milliseconds: 60_000), spreadMilliseconds: 5000,
        nextAt: time.adding(milliseconds: 3_600_000))
    static let offerText =
        #"{"base":\#(referenceText),"cohort":"c-4c73cb118243","control":\#(planText),"deadline":1767225660000,"isOpen":true,"#
        + #""kind":"training","lineages":[\#(otherText)],"nextAt":1767229200000,"openedAt":1767225600000,"participants":["press-2"],"round":7,"settings":{"#
        + #""acceptsLateUpdates":false,"batchSize":32,"controlVariates":true,"epochs":5,"learningRate":0.001,"localLayers":["last"],"maximumSeconds":60,"maximumWindows":20000,"#
        + #""proximalMu":0,"updateEncoding":"delta16","wantsScores":false},"spreadMilliseconds":5000}"#
    static let planText = #"{"bytes":10,"chunkBytes":4,"digest":"\#(digestHex)"}"#
    static let referenceText = #"{"plan":\#(planText),"version":\#(versionText)}"#

    static let header = UpdateHeader(
        agent: agent, cohort: cohort, round: 7, kind: .training, base: version, windows: 640, lossBefore: 0.5,
        lossAfter: 0.25, scores: sketch, plan: plan, sequence: 12, at: time)
    static let headerText =
        #"{"agent":"press-2","at":1767225600000,"base":\#(versionText),"cohort":"c-4c73cb118243","kind":"training","#
        + #""lossAfter":0.25,"lossBefore":0.5,"plan":\#(planText),"round":7,"scores":\#(sketchText),"#
        + #""sequence":12,"windows":640}"#

    static let values = [2.0, 4, 4, 4, 5, 5, 7, 9]
    static let sketch: QuantileSketch = {
        var sketch = QuantileSketch()
        sketch.add(values)
        return sketch
    }()
    static let sketchText =
        #"{"maximum":9,"means":[2,4,4,4,5,5,7,9],"minimum":2,"weights":[1,1,1,1,1,1,1,1]}"#

    static let statistics: StatisticsBody = {
        var moments = ChannelMoments()
        for value in values { moments.add(value) }
        return StatisticsBody(channels: [moments], sketches: [sketch])
    }()
    static let statisticsText =
        #"{"channels":[{"count":8,"maximum":9,"mean":5,"minimum":2,"squaredDeviations":32}],"#
        + #""sketches":[\#(sketchText)]}"#

    static let evaluation = EvaluationBody(windows: 80, loss: 0.25, anomalous: 3)
    static let evaluationText = #"{"anomalous":3,"loss":0.25,"windows":80}"#

    static let manifest = ReleaseManifest(
        cohort: cohort, release: 2, model: reference, parent: digest, round: 7, participants: 4, origin: "ann",
        shadowWindows: 20,
        reverts: Digest(of: Data([7])),
        switchWhen: SwitchCondition(
            whenIdle: true, windows: [MaintenanceWindow(fromMinute: 1320, toMinute: 270, days: [6])],
            deadline: time.adding(milliseconds: 60_000)), releasedAt: time,
        expiresAt: time.adding(milliseconds: 120_000), lineage: 1)
    static let manifestText =
        #"{"cohort":"c-4c73cb118243","expiresAt":1767225720000,"lineage":1,"model":\#(referenceText),"origin":"ann","parent":"\#(digestHex)","participants":4,"#
        + #""release":2,"releasedAt":1767225600000,"reverts":"\#(Digest(of: Data([7])).hex)","round":7,"#
        + #""shadowWindows":20,"switchWhen":{"deadline":1767225660000,"whenIdle":true,"#
        + #""windows":[{"days":[6],"fromMinute":1320,"toMinute":270}]}}"#

    static let desired = DesiredVersion(agent: agent, rollout: 3, manifest: manifest)
    static let desiredText = #"{"agent":"press-2","manifest":\#(manifestText),"rollout":3}"#

    static let report = RolloutReport(
        agent: agent, release: 2, version: version, state: .shadowing, reason: "7 of 20 windows",
        evidence: ["shadowWindows": 7], at: time)
    static let reportText =
        #"{"agent":"press-2","at":1767225600000,"evidence":{"shadowWindows":7},"reason":"7 of 20 windows","#
        + #""release":2,"state":"shadowing","version":\#(versionText)}"#

    static let request = ChunkRequest(digest: digest, missing: [0, 2], of: 3)
    static let requestText = #"{"digest":"\#(digestHex)","missing":"05"}"#

    static let acknowledgement = Acknowledgement(
        through: 41, echo: "7",
        receipts: [UpdateReceipt(round: 7, sequence: 12, accepted: false, reason: "not-finite")],
        at: time)
    static let acknowledgementText =
        #"{"at":1767225600000,"echo":"7","receipts":[{"accepted":false,"reason":"not-finite","round":7,"#
        + #""sequence":12}],"through":41}"#

    static let anomaly = AnomalyMessage(
        event: AnomalyEvent(
            id: session, revision: 2, agent: agent, device: device, state: .cleared, startedAt: time,
            endedAt: time.adding(milliseconds: 10_000), reportedAt: time.adding(milliseconds: 10_500), score: 9.5,
            peakScore: 12.5, threshold: 2.5, model: version,
            contributions: [
                ChannelContribution(channel: "temperature", share: 0.75, observed: 93.5, expected: 64.5),
                ChannelContribution(channel: "state", share: 0.25, observed: 1, expected: 0),
            ], windows: 14, detector: .linear, severity: .warning, cause: session,
            similar: [SimilarAlarm(id: session, similarity: 0.875)]), sequence: 42, oldest: 40, historical: false)
    static let anomalyText =
        #"{"agent":"press-2","cause":"01ARYZ6S41TSV4RRFFQ69G5FAV","channel":"temperature","detector":"linear","#
        + #""device":"pump","endedAt":1767225610000,"expected.state":0,"expected.temperature":64.5,"historical":false,"id":"01ARYZ6S41TSV4RRFFQ69G5FAV","#
        + #""modelDigest":"\#(digestHex)","modelVersion":3,"observed.state":1,"observed.temperature":93.5,"#
        + #""oldest":40,"peakScore":12.5,"reportedAt":1767225610500,"revision":2,"score":9.5,"sequence":42,"#
        + #""severity":"warning","share.state":0.25,"share.temperature":0.75,"similar.01ARYZ6S41TSV4RRFFQ69G5FAV":0.875,"#
        + #""startedAt":1767225600000,"state":"cleared","#
        + #""threshold":2.5,"windows":14}"#

    /// The envelope that RFC 8032's deterministic signature makes of a release manifest of one field, computed with
    /// OpenSSL 3 for the private key `00 01 02 … 1f`.
    static let signingKey = Data(0..<32)
    static let verifyingKeyHex = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
    static let signedType = "application/vnd.linnet.release.v1+json"
    static let signedBody = #"{"release":3}"#
    static let signature =
        "S9UlGmAMV38XmIjt6B3nxhUKvofrL+r7TNtkwH3aREKHwmEjZs/+57sDa+F76PVg1vXQV6v8Q0zdAjgSR2QqDg=="
}

/// Calls `body` with each kind of payload and its bytes; a new kind belongs here.
protocol PayloadVisitor {
    mutating func visit<Payload: Codable & Equatable & Sendable>(_ payload: Payload, text: String) throws
}

extension Samples {
    static func visitAll(_ visitor: inout some PayloadVisitor) throws {
        try visitor.visit(presence, text: presenceText)
        try visitor.visit(state, text: stateText)
        try visitor.visit(offer, text: offerText)
        try visitor.visit(header, text: headerText)
        try visitor.visit(statistics, text: statisticsText)
        try visitor.visit(evaluation, text: evaluationText)
        try visitor.visit(manifest, text: manifestText)
        try visitor.visit(desired, text: desiredText)
        try visitor.visit(report, text: reportText)
        try visitor.visit(request, text: requestText)
        try visitor.visit(acknowledgement, text: acknowledgementText)
        try visitor.visit(anomaly, text: anomalyText)
    }
}
