// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import Testing

extension ModelEvent {
    /// A manifest that comes at the beginning of all time.
    static func manifest(_ manifest: ReleaseManifest) -> ModelEvent { .manifest(manifest, at: Fixtures.start) }
}

@Suite("The way of a released model")
struct ModelLifecycleTests {
    private let bytes: Data
    private let calibrations: [DeviceID: Calibration]
    private let active = ModelVersion(number: 0, digest: Digest(of: Data([9])))

    init() throws {
        let trained = try Fixtures.trained()
        bytes = trained.model.bytes
        calibrations = trained.model.calibrations
    }

    private func lifecycle(lastRelease: Int = 0, hasActive: Bool = true) -> ModelLifecycle {
        ModelLifecycle(
            contract: Fixtures.contract, lastRelease: lastRelease, active: hasActive ? active : nil, previous: nil)
    }

    private var digest: Digest { Digest(of: bytes) }
    private let pass = ModelVerdict(passes: true, reason: "well", evidence: ["x": 1])
    private let fail = ModelVerdict(passes: false, reason: "badly", evidence: ["x": 0])

    /// Names of actions without what they carry, and the state and reason of reports.
    private func names(_ actions: [ModelAction]) -> [String] {
        actions.map { action in
            switch action {
            case .fetch: "fetch"
            case .stopFetching: "stopFetching"
            case .keep: "keep"
            case .calibrate: "calibrate"
            case .startShadow: "startShadow"
            case .stopShadow: "stopShadow"
            case .selfTest: "selfTest"
            case .lookAtMachines: "lookAtMachines"
            case .activate: "activate"
            case .install: "install"
            case .refuse(_, let refusal, _): "refuse: \(refusal)"
            case .remember: "remember"
            case .decline(_, let refusal): "decline: \(refusal)"
            case .remindLater: "remindLater"
            case .report(_, let state, _, _): "report \(state.rawValue)"
            case .restorePrevious(let reason, _): "restorePrevious: \(reason)"
            case .goBack: "goBack"
            case .confirm: "confirm"
            }
        }
    }

    /// Every event there is, about the candidate at hand.
    private var events: [(name: String, event: ModelEvent)] {
        [
            ("same", .manifest(Fixtures.manifest(release: 1, bytes: bytes))),
            ("newer", .manifest(Fixtures.manifest(release: 2, bytes: bytes + [0]))),
            ("file", .file(digest, bytes)), ("calibrated", .calibrated(digest, calibrations)),
            ("tooFew", .tooFewWindows(digest)), ("calibrationFailed", .calibrationFailed(digest, "no")),
            ("windows", .windowsStored), ("shadowPassed", .shadowed(digest, pass)),
            ("shadowFailed", .shadowed(digest, fail)), ("testPassed", .selfTested(digest, pass)),
            ("testFailed", .selfTested(digest, fail)), ("activated", .activated(digest)),
            ("activationFailed", .activationFailed(digest)), ("misbehaved", .misbehaved(digest, "always", [:])),
            ("revert", .manifest(Fixtures.manifest(release: 3, bytes: bytes + [0], reverts: digest))),
        ]
    }

    /// The events that lead to each phase, in order.
    private static let paths: [(phase: String, path: [String])] = [
        ("idle", []), ("fetching", ["same"]), ("calibrating", ["same", "file"]),
        ("waiting", ["same", "file", "tooFew"]), ("shadowing", ["same", "file", "calibrated"]),
        ("selfTesting", ["same", "file", "calibrated", "shadowPassed"]),
        ("activating", ["same", "file", "calibrated", "shadowPassed", "testPassed"]),
        ("done", ["same", "file", "calibrated", "shadowPassed", "testPassed", "activated"]),
    ]

    /// What each (phase, event) leads to; what does not stand here leads to nothing.
    private static let table: [String: [String: [String]]] = [
        "idle": [
            "same": ["report downloading", "fetch"], "newer": ["report downloading", "fetch"],
            "revert": ["report downloading", "fetch"],
        ],
        "fetching": [
            "newer": ["stopFetching", "report downloading", "fetch"], "revert": ["stopFetching"] + withdrawn,
            "file": ["keep", "report verified", "calibrate"],
        ],
        "calibrating": [
            "newer": ["report downloading", "fetch"], "revert": withdrawn,
            "calibrated": ["report shadowing", "startShadow"],
            "calibrationFailed": ["refuse: calibration: no", "report refused"],
        ],
        "waiting": ["newer": ["report downloading", "fetch"], "revert": withdrawn, "windows": ["calibrate"]],
        "shadowing": [
            "newer": ["remindLater"], "revert": ["stopShadow"] + withdrawn,
            "shadowPassed": ["stopShadow", "report selfTesting", "selfTest"],
            "shadowFailed": ["stopShadow", "refuse: shadow: badly", "report refused"],
        ],
        "selfTesting": [
            "newer": ["remindLater"], "revert": withdrawn, "testPassed": ["activate"],
            "testFailed": ["refuse: self-test: badly", "report refused"],
        ],
        "activating": [
            "newer": ["remindLater"], "revert": withdrawn, "activated": ["install", "report activated", "confirm"],
            "activationFailed": ["activate"],
        ],
        "done": [
            "newer": ["report downloading", "fetch"], "revert": ["report downloading", "fetch"],
            "misbehaved": ["restorePrevious: always"],
        ],
    ]

    /// What a candidate's end by a newer release that takes it back looks like, and the beginning of that release.
    private static let withdrawn = [
        "refuse: release 3 took it back", "report refused", "report downloading", "fetch",
    ]

    @Test("each event in each phase leads to what the table says", arguments: paths.map(\.phase))
    func table(phase: String) throws {
        let path = try #require(Self.paths.first { $0.phase == phase }).path
        for (name, event) in events {
            var lifecycle = lifecycle()
            for step in path { _ = lifecycle.handle(try #require(events.first { $0.name == step }).event) }
            let actions = lifecycle.handle(event)
            #expect(names(actions) == Self.table[phase]?[name] ?? [], "\(name) in \(phase)")
        }
    }

    @Test("results of another model change nothing, in any phase", arguments: paths.map(\.phase))
    func staleResults(phase: String) throws {
        let other = Digest(of: Data([1, 2, 3]))
        let path = try #require(Self.paths.first { $0.phase == phase }).path
        var lifecycle = lifecycle()
        for step in path { _ = lifecycle.handle(try #require(events.first { $0.name == step }).event) }
        let before = lifecycle
        let stale: [ModelEvent] = [
            .file(other, Data()), .calibrated(other, [:]), .tooFewWindows(other), .calibrationFailed(other, ""),
            .shadowed(other, fail), .selfTested(other, fail), .activated(other), .activationFailed(other),
            .misbehaved(other, "", [:]),
        ]
        for event in stale { #expect(lifecycle.handle(event).isEmpty) }
        #expect(lifecycle == before)
    }

    @Test("after the switch the release counts, the old model is the previous one, and its manifest is no news")
    func finished() throws {
        var lifecycle = lifecycle()
        for step in Self.paths[7].path { _ = lifecycle.handle(try #require(events.first { $0.name == step }).event) }
        #expect(lifecycle.phase == .idle)
        #expect(lifecycle.lastRelease == 1)
        #expect(lifecycle.active?.digest == digest)
        #expect(lifecycle.previous == active)
        #expect(lifecycle.handle(.manifest(Fixtures.manifest(release: 1, bytes: bytes))).isEmpty)
    }

    @Test("without an active model nothing is compared: the self-test decides at once")
    func firstModel() {
        var lifecycle = lifecycle(hasActive: false)
        _ = lifecycle.handle(.manifest(Fixtures.manifest(release: 1, bytes: bytes)))
        _ = lifecycle.handle(.file(digest, bytes))
        #expect(names(lifecycle.handle(.calibrated(digest, calibrations))) == ["report selfTesting", "selfTest"])
    }

    @Test("L-4 an old release is declined as a replay; going back is a newer release")
    func replay() {
        var lifecycle = lifecycle(lastRelease: 5)
        #expect(
            names(lifecycle.handle(.manifest(Fixtures.manifest(release: 4, bytes: bytes))))
                == ["decline: release 4 is not above 5, which was acted on: a replay"])
        #expect(lifecycle.handle(.manifest(Fixtures.manifest(release: 5, bytes: bytes))).isEmpty)
        #expect(lifecycle.phase == .idle)
        #expect(
            names(lifecycle.handle(.manifest(Fixtures.manifest(release: 6, number: 1, bytes: bytes))))
                == ["report downloading", "fetch"])
    }

    @Test("L-4 a release that has expired is declined, and taken when the coordinator says it again for longer")
    func expired() {
        var lifecycle = lifecycle()
        var manifest = Fixtures.manifest(release: 1, bytes: bytes)
        manifest.expiresAt = Fixtures.start
        #expect(
            names(lifecycle.handle(.manifest(manifest))) == [
                "decline: release 1 was to be begun with until 2026-01-01T00:00:00.000Z; the coordinator says it again if "
                    + "it still stands"
            ])
        #expect(lifecycle.lastRelease == 0)
        manifest.expiresAt = Fixtures.start.adding(milliseconds: 1)
        #expect(names(lifecycle.handle(.manifest(manifest))) == ["report downloading", "fetch"])
        let later = Fixtures.start.adding(milliseconds: 1000)
        #expect(lifecycle.handle(.manifest(manifest, at: later)).isEmpty, "what is begun is no news when it expires")
    }

    @Test("a release for other devices is declined")
    func otherCohort() {
        var lifecycle = lifecycle()
        let manifest = Fixtures.manifest(release: 1, bytes: bytes, cohort: CohortID(checked: "c-other"))
        #expect(
            names(lifecycle.handle(.manifest(manifest)))
                == ["decline: the release is for cohort c-other; this agent's is \(lifecycle.cohort)"])
    }

    @Test("a release of what runs already is only remembered")
    func alreadyActive() {
        var lifecycle = ModelLifecycle(
            contract: Fixtures.contract, lastRelease: 1, active: ModelVersion(number: 3, digest: digest), previous: nil)
        #expect(
            names(lifecycle.handle(.manifest(Fixtures.manifest(release: 2, number: 3, bytes: bytes))))
                == ["remember", "report activated", "confirm"])
        #expect(lifecycle.lastRelease == 2)
    }

    @Test("a release that takes back the active version switches to the one before at once, if that is what it names")
    func takenBack() {
        let bad = ModelVersion(number: 4, digest: Digest(of: Data([4])))
        let good = ModelVersion(number: 3, digest: digest)
        var lifecycle = ModelLifecycle(contract: Fixtures.contract, lastRelease: 6, active: bad, previous: good)
        let revert = Fixtures.manifest(release: 7, number: 3, bytes: bytes, reverts: bad.digest)
        #expect(names(lifecycle.handle(.manifest(revert))) == ["goBack", "report activated", "confirm"])
        #expect(lifecycle.active == good && lifecycle.previous == nil && lifecycle.lastRelease == 7)
        #expect(lifecycle.handle(.manifest(revert)).isEmpty, "the retained manifest comes again at every connect")
        let old = Fixtures.manifest(release: 6, number: 4, bytes: bytes + [0])
        #expect(
            names(lifecycle.handle(.manifest(old)))
                == ["decline: release 6 is not above 7, which was acted on: a replay"])
    }

    @Test("an agent that no longer holds the version to go back to downloads it, and compares it with nothing")
    func takenBackFromAfar() {
        let bad = ModelVersion(number: 4, digest: Digest(of: Data([4])))
        var lifecycle = ModelLifecycle(contract: Fixtures.contract, lastRelease: 6, active: bad, previous: active)
        let revert = Fixtures.manifest(release: 7, number: 3, bytes: bytes, reverts: bad.digest)
        #expect(names(lifecycle.handle(.manifest(revert))) == ["report downloading", "fetch"])
        _ = lifecycle.handle(.file(digest, bytes))
        #expect(names(lifecycle.handle(.calibrated(digest, calibrations))) == ["report selfTesting", "selfTest"])
    }

    @Test("a file that is too large is refused before a byte is asked for")
    func tooLarge() {
        var lifecycle = lifecycle()
        var manifest = Fixtures.manifest(release: 1, bytes: bytes)
        manifest.model.plan.bytes = 65 << 20
        #expect(
            names(lifecycle.handle(.manifest(manifest)))
                == ["refuse: the model has 68157440 bytes; at most 67108864 are taken", "report refused"])
    }

    @Test("L-8 a file cut off at any byte is refused by name, and the active model stays")
    func truncated() {
        for length in stride(from: 0, to: bytes.count, by: 7) {
            let cut = bytes.prefix(length)
            var lifecycle = lifecycle()
            _ = lifecycle.handle(.manifest(Fixtures.manifest(release: 1, bytes: bytes)))
            let actions = lifecycle.handle(.file(digest, Data(cut)))
            #expect(names(actions).first == "refuse: the file's sha256 is not the one in the manifest")

            // Even if the manifest were for the cut file, it is no model.
            guard !cut.isEmpty else { continue }
            var signed = self.lifecycle()
            _ = signed.handle(.manifest(Fixtures.manifest(release: 1, bytes: Data(cut))))
            let names = names(signed.handle(.file(Digest(of: Data(cut)), Data(cut))))
            #expect(names.last == "report refused", "\(length): \(names)")
            #expect(signed.active == active)
        }
    }

    @Test("a model of NaN, and one for other windows, are refused with their reasons")
    func hostileModels() throws {
        var nan = try Fixtures.trained().artifact
        nan.parameters[3] = .nan
        #expect(
            try refusal(of: nan.encoded())
                == "refuse: model: tensor \"layers.0.weight\" holds a number that is not finite")

        let network = NetworkArchitecture.denseAutoencoder(inputWidth: 8, hidden: [3])
        let other = ModelArtifact(
            architecture: network, parameters: ParameterVector(repeating: 0.1, count: network.parameterCount),
            scaler: ChannelScaler(center: [0, 0], scale: [1, 1]), windowLength: 4, falseAlarmsPerDay: 1)
        #expect(
            try refusal(of: other.encoded())
                == "refuse: the model reads windows of 4 samples of 2 channels; the devices have 4 samples of 3")
    }

    // MARK: - Waiting with the switch

    /// A candidate that has passed its trials, under a condition.
    private func ready(_ condition: SwitchCondition, hasActive: Bool = true) -> (ModelLifecycle, [String]) {
        var lifecycle = lifecycle(hasActive: hasActive)
        var manifest = Fixtures.manifest(release: 1, bytes: bytes)
        manifest.switchWhen = condition
        var last: [ModelAction] = []
        let steps: [ModelEvent] = [
            .manifest(manifest), .file(digest, bytes), .calibrated(digest, calibrations), .shadowed(digest, pass),
            .selfTested(digest, pass),
        ]
        for event in steps { last = lifecycle.handle(event) }
        return (lifecycle, names(last))
    }

    @Test("a release with a condition waits with its switch, says for what, and says it once")
    func waits() {
        var (lifecycle, last) = ready(SwitchCondition(whenIdle: true))
        #expect(last == ["lookAtMachines"] && lifecycle.candidate?.digest == digest)
        let running = ModelEvent.lookedAtMachines(Fixtures.start, notIdle: "pump runs")
        #expect(
            lifecycle.handle(running)
                == [.report(manifest(of: lifecycle), .ready, "pump runs", ["x": 1])])
        #expect(lifecycle.handle(running).isEmpty)
        #expect(names(lifecycle.handle(.lookedAtMachines(Fixtures.start, notIdle: "fan runs"))) == ["report ready"])
        #expect(names(lifecycle.handle(.lookedAtMachines(Fixtures.start, notIdle: nil))) == ["activate"])
        #expect(names(lifecycle.handle(.activated(digest))) == ["install", "report activated", "confirm"])
    }

    private func manifest(of lifecycle: ModelLifecycle) -> ReleaseManifest {
        guard case .ready(let candidate, _, _) = lifecycle.phase else {
            return Fixtures.manifest(release: 9, bytes: bytes)
        }
        return candidate.manifest
    }

    @Test("its deadline ends the waiting, and so does a newer release, or one that takes it back")
    func ends() {
        let condition = SwitchCondition(whenIdle: true, deadline: Fixtures.start)
        var (lifecycle, _) = ready(condition)
        #expect(names(lifecycle.handle(.lookedAtMachines(Fixtures.start, notIdle: "pump runs"))) == ["activate"])

        (lifecycle, _) = ready(condition)
        let newer = Fixtures.manifest(release: 2, bytes: bytes + [0])
        #expect(names(lifecycle.handle(.manifest(newer))) == ["report downloading", "fetch"])

        (lifecycle, _) = ready(condition)
        let revert = Fixtures.manifest(release: 3, bytes: bytes + [0], reverts: digest)
        #expect(names(lifecycle.handle(.manifest(revert))) == Self.withdrawn)
    }

    @Test("where nothing watches yet, nothing is waited for")
    func firstSwitch() {
        var lifecycle = lifecycle(hasActive: false)
        var manifest = Fixtures.manifest(release: 1, bytes: bytes)
        manifest.switchWhen = SwitchCondition(whenIdle: true)
        for event in [.manifest(manifest), .file(digest, bytes), .calibrated(digest, calibrations)] as [ModelEvent] {
            _ = lifecycle.handle(event)
        }
        #expect(names(lifecycle.handle(.selfTested(digest, pass))) == ["activate"])
    }

    @Test("L-8 a file that is given up is refused with the reason")
    func givenUp() {
        var lifecycle = lifecycle()
        _ = lifecycle.handle(.manifest(Fixtures.manifest(release: 1, bytes: bytes)))
        #expect(
            names(lifecycle.handle(.downloadFailed(digest, .garbage(times: 3))))
                == ["refuse: what came as the file was another one 3 times", "report refused"])
        #expect(lifecycle.phase == .idle && lifecycle.lastRelease == 1)
    }

    private func refusal(of bytes: Data) throws -> String? {
        var lifecycle = lifecycle()
        _ = lifecycle.handle(.manifest(Fixtures.manifest(release: 1, bytes: bytes)))
        return names(lifecycle.handle(.file(Digest(of: bytes), bytes))).first
    }
}

@Suite("A candidate on all devices of an agent")
struct ShadowTrialTests {
    private func comparison(_ windows: Int, anomalous: Int = 0) -> ShadowComparison {
        var comparison = ShadowComparison(neededWindows: 10)
        for number in 0..<windows {
            let score: Double = number < anomalous ? 9 : 0
            let window = ScoredWindow(start: Fixtures.start, end: Fixtures.start, score: score, threshold: 1)
            comparison.add(candidate: window, active: nil, isFiring: false)
        }
        return comparison
    }

    @Test("it passes when every device that sends anything has seen enough")
    func passes() {
        var trial = ShadowTrial(Digest(of: Data()))
        let (pump, fan) = (DeviceID(checked: "pump"), DeviceID(checked: "fan"))
        #expect(trial.add(comparison(5), of: pump) == nil)
        #expect(trial.add(comparison(1), of: fan) == nil)
        #expect(trial.add(comparison(10), of: pump) == nil)
        let verdict = trial.add(comparison(10), of: fan)
        #expect(verdict?.passes == true)
        #expect(verdict?.evidence["shadow.windows"] == 20)
    }

    @Test("one device on which it alarms is enough to fail")
    func fails() {
        var trial = ShadowTrial(Digest(of: Data()))
        #expect(trial.add(comparison(3), of: DeviceID(checked: "pump")) == nil)
        let verdict = trial.add(comparison(6, anomalous: 6), of: DeviceID(checked: "fan"))
        #expect(verdict?.passes == false)
        #expect(
            verdict?.reason
                == "device fan: it found 6 of 6 live windows anomalous, the active model 0")
    }
}
