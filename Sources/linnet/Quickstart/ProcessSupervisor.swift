// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Keeps the demonstration's processes running, as systemd would: one that dies is started again within a second.
///
/// One thread starts, watches and stops all of them, and lives until ``stop()``; see ``ProcessPlan/start()`` for why.
final class ProcessSupervisor: Sendable {
    /// What happened to a process.
    enum Event: Sendable, Equatable {
        case started(name: String, pid: pid_t)
        /// It ended by itself, or was killed; `how` says which, in words.
        case died(name: String, how: String)
        case restarted(name: String, pid: pid_t)
        /// It keeps dying, and is not started any more.
        case gaveUp(name: String, how: String)
        /// It did not stop when asked to, and was killed.
        case killed(name: String)
    }

    private struct Child {
        let plan: ProcessPlan
        var pid: pid_t?
        var startedAt = ContinuousClock.now
        /// Deaths within `shortLife` of a start, without one longer life in between.
        var earlyDeaths = 0
        var hasGivenUp = false
    }

    private struct State {
        var children: [Child] = []
        var starting: [ProcessPlan] = []
        var events: [Event] = []
        var restarts = 0
        var isStopping = false
        var hasStopped = false
    }

    private static let tick: Duration = .milliseconds(100)
    private static let restartDelay: Duration = .milliseconds(300)
    private static let shortLife: Duration = .seconds(5)
    private static let mostEarlyDeaths = 8
    private static let stopPatience: Duration = .seconds(10)

    private let state = Mutex(State())
    private let registryPath: String

    /// - Parameter registryPath: where the ids of the running processes are kept, as JSON, for whoever wants to kill one.
    init(registryPath: String) { self.registryPath = registryPath }

    /// Starts watching.
    func begin() {
        let thread = Thread { [self] in
            while !step() { Thread.sleep(forTimeInterval: 0.1) }
        }
        thread.name = "supervisor"
        thread.start()
    }

    /// Asks for one more process; it is started within a tick, and stopped in reverse order of these calls.
    func run(_ plan: ProcessPlan) { state.withLock { $0.starting.append(plan) } }

    /// What has happened since the last call.
    func takeEvents() -> [Event] {
        state.withLock { state in
            defer { state.events.removeAll() }
            return state.events
        }
    }

    /// Processes started again so far.
    var restarts: Int { state.withLock { $0.restarts } }

    /// Stops every process, the last started first, each before the next; those that do not listen are killed.
    func stop() {
        state.withLock { $0.isStopping = true }
        while !state.withLock({ $0.hasStopped }) { Thread.sleep(forTimeInterval: 0.02) }
    }

    // MARK: - On the supervisor's thread

    /// - Returns: whether all is over.
    private func step() -> Bool {
        let changed = state.withLock { state in
            var changed = false
            for index in state.children.indices { changed = watch(index, in: &state) || changed }
            for plan in state.starting {
                state.children.append(Child(plan: plan))
                changed = start(state.children.count - 1, in: &state, again: false) || changed
            }
            state.starting.removeAll()
            return changed
        }
        if changed { writeRegistry() }
        guard state.withLock({ $0.isStopping }) else { return false }
        stopAll()
        state.withLock { $0.hasStopped = true }
        return true
    }

    private func watch(_ index: Int, in state: inout State) -> Bool {
        let child = state.children[index]
        guard let pid = child.pid else {
            guard !child.hasGivenUp, ContinuousClock.now - child.startedAt >= Self.restartDelay else { return false }
            return start(index, in: &state, again: true)
        }
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return false }
        let how = Self.words(for: status)
        let earlyDeaths = ContinuousClock.now - child.startedAt < Self.shortLife ? child.earlyDeaths + 1 : 0
        state.children[index].pid = nil
        state.children[index].earlyDeaths = earlyDeaths
        state.children[index].startedAt = .now
        state.events.append(.died(name: child.plan.name, how: how))
        if earlyDeaths >= Self.mostEarlyDeaths {
            state.children[index].hasGivenUp = true
            state.events.append(.gaveUp(name: child.plan.name, how: how))
        }
        return true
    }

    private func start(_ index: Int, in state: inout State, again: Bool) -> Bool {
        let plan = state.children[index].plan
        state.children[index].startedAt = .now
        do {
            let pid = try plan.start()
            state.children[index].pid = pid
            state.restarts += again ? 1 : 0
            state.events.append(again ? .restarted(name: plan.name, pid: pid) : .started(name: plan.name, pid: pid))
        } catch {
            state.children[index].hasGivenUp = true
            state.events.append(.gaveUp(name: plan.name, how: error.description))
        }
        return true
    }

    private func stopAll() {
        let running = state.withLock { state in
            defer { for index in state.children.indices { state.children[index].pid = nil } }
            return state.children.compactMap { child in child.pid.map { (child.plan.name, $0) } }
        }
        // Agents first, together; then the coordinator, who may still hear them leave; the broker last.
        let early = running.filter { $0.0 != "broker" && $0.0 != "coordinator" }
        let late = ["coordinator", "broker"].map { name in running.filter { $0.0 == name } }
        for group in [early] + late { stop(group) }
    }

    private func stop(_ group: [(name: String, pid: pid_t)]) {
        for (_, pid) in group { kill(pid, SIGTERM) }
        let deadline = ContinuousClock.now + Self.stopPatience
        var waiting = group
        while !waiting.isEmpty {
            var status: Int32 = 0
            waiting.removeAll { waitpid($0.pid, &status, WNOHANG) != 0 }
            if waiting.isEmpty { return }
            if ContinuousClock.now >= deadline {
                for (name, pid) in waiting {
                    kill(-pid, SIGKILL)
                    waitpid(pid, &status, 0)
                    state.withLock { $0.events.append(.killed(name: name)) }
                }
                return
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    /// Writes `{"broker": 17, "coordinator": 18, "agents": {"agent-1": 19}}` aside and renames it, so that a reader never
    /// meets half a file.
    private func writeRegistry() {
        let pids = state.withLock { state in
            state.children.compactMap { child in child.pid.map { (child.plan.name, $0) } }
        }
        var agents: [String: Int] = [:]
        var registry: [String: Any] = [:]
        for (name, pid) in pids {
            if name == "broker" || name == "coordinator" { registry[name] = Int(pid) } else { agents[name] = Int(pid) }
        }
        registry["agents"] = agents
        // A registry that can not be written (a full disk) only blinds those who want to kill a process by it.
        let body = try? JSONSerialization.data(withJSONObject: registry, options: [.sortedKeys, .prettyPrinted])
        try? body?.write(to: URL(fileURLWithPath: registryPath), options: .atomic)
    }

    /// A wait status in words: `exit code 1`, `signal 9 (Killed)`.
    private static func words(for status: Int32) -> String {
        let signal = status & 0x7F
        return signal == 0
            ? "exit code \((status >> 8) & 0xFF)" : "signal \(signal) (\(String(cString: strsignal(signal))))"
    }
}
