// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// What training calls after each batch: sleeps to keep within its share of a processor, and says when to stop.
///
/// It belongs to the thread it is called on: the processor time it goes by is that thread's.
public final class TrainingPause {
    private let cpuShare: Double
    private let deadline: UInt64?
    private let isCancelled: () -> Bool
    private var lastProcessorTime: UInt64
    /// Sleep that is due but too short yet to be worth a call of the kernel, in nanoseconds.
    private var debt = 0.0

    /// Shorter sleeps than this are put off and added up.
    private static let shortestSleep = 2e6
    /// No single sleep is longer, so that a stop is noticed soon.
    private static let longestSleep = 200e6

    /// - Parameters:
    ///   - cpuShare: above 0; 1 or more never sleeps.
    ///   - maximumSeconds: wall-clock time after which training stops; `nil` for none.
    init(cpuShare: Double, maximumSeconds: Int?, isCancelled: @escaping () -> Bool) {
        self.cpuShare = cpuShare
        self.isCancelled = isCancelled
        deadline = maximumSeconds.map { Self.time(CLOCK_MONOTONIC) + UInt64(clamping: $0) * 1_000_000_000 }
        lastProcessorTime = Self.time(CLOCK_THREAD_CPUTIME_ID)
    }

    /// - Returns: whether to go on.
    public func callAsFunction() -> Bool {
        if isCancelled() { return false }
        if let deadline, Self.time(CLOCK_MONOTONIC) > deadline { return false }
        let used = Self.time(CLOCK_THREAD_CPUTIME_ID) - lastProcessorTime
        lastProcessorTime += used
        guard cpuShare < 1 else { return true }
        debt += Double(used) * (1 - cpuShare) / cpuShare
        while debt > Self.shortestSleep {
            let sleep = min(debt, Self.longestSleep)
            Self.sleep(nanoseconds: Int(sleep))
            debt -= sleep
            if isCancelled() { return false }
        }
        return true
    }

    private static func time(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func sleep(nanoseconds: Int) {
        var time = timespec(tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
        // A signal that cuts the sleep short costs nothing but a little budget.
        nanosleep(&time, nil)
    }
}
