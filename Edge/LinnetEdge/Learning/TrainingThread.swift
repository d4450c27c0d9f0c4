// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Runs one piece of heavy work at a time on a thread of its own, which only gets the processor when nobody else wants it.
///
///     let model = try await thread.run { pause in
///         try trainer.fit(&parameters, inputs: windows) { pause() }
///     }
///
/// The thread has Linux's idle scheduling policy and the lowest priority, and keeps a CPU budget besides. It is handed all it
/// needs as values and never touches the database: holding a lock that detection waits for, an idle thread could be
/// stopped for as long as others keep the processor busy (priority inversion).
///
/// The thread lives for one piece of work, so that an agent that does not train has none, nor its stack.
public actor TrainingThread {
    private let cpuShare: Double
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    private static let stackBytes = 1 << 20

    /// - Parameter cpuShare: the share of one processor to use, above 0, at most 1.
    public init(cpuShare: Double) {
        self.cpuShare = cpuShare
    }

    /// Runs `work` after all that was asked for before it. If the calling task is cancelled, its pause answers `false`.
    ///
    /// - Parameter maximumSeconds: after which its pause answers `false`; counted from the start of the work.
    public func run<Value: Sendable>(
        maximumSeconds: Int? = nil, _ work: @escaping @Sendable (TrainingPause) throws -> Value
    ) async throws -> Value {
        await takeTurn()
        defer { passTurn() }
        let stop = StopFlag()
        let cpuShare = cpuShare
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (answer: CheckedContinuation<Value, any Error>) in
                let failure = Self.start {
                    let pause = TrainingPause(cpuShare: cpuShare, maximumSeconds: maximumSeconds) { stop.isSet }
                    let result = Result { try work(pause) }
                    // What the work has freed goes back to the system: training needs more memory than watching.
                    ResidentMemory.release()
                    answer.resume(with: result)
                }
                if let failure { answer.resume(throwing: failure) }
            }
        } onCancel: {
            stop.set()
        }
    }

    private func takeTurn() async {
        guard isBusy else {
            isBusy = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func passTurn() {
        if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
    }

    // MARK: - The thread

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a detached thread of the lowest priority.
    ///
    /// - Returns: why there is none; `nil` if it runs.
    private static func start(_ body: @escaping @Sendable () -> Void) -> TrainingThreadError? {
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return .notStarted(code: errno) }
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackBytes)
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(Body(body)).toOpaque()
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                // Retained just above, and released here once.
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                TrainingThread.stepBack()
                body.run()
                return nil
            }, argument)
        guard code == 0 else {
            Unmanaged<Body>.fromOpaque(argument).release()
            return .notStarted(code: code)
        }
        return nil
    }

    /// Takes the lowest priority for the calling thread; where the system does not allow it, the CPU budget still holds.
    private static func stepBack() {
        var parameter = sched_param()
        parameter.sched_priority = 0
        // 0 names the calling thread, not the process, on Linux.
        sched_setscheduler(0, schedIdle, &parameter)
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
    }

    /// `SCHED_IDLE` of sched.h, which is a macro that Swift does not see in every version of the C library.
    private static let schedIdle: Int32 = 5
}

/// Why heavy work could not begin.
public enum TrainingThreadError: Error, Equatable, CustomStringConvertible {
    /// The system has no thread left.
    case notStarted(code: Int32)

    public var description: String {
        switch self {
        case .notStarted(let code): "no thread for training: \(String(cString: strerror(code)))"
        }
    }
}

/// A flag that one thread sets and another reads.
private final class StopFlag: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}
