// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// Gathers normal windows, so that they are written a few at a time: each transaction makes the disk sync.
struct WindowRecorder: Sendable {
    /// Windows of one transaction.
    static let batch = 32
    /// How long a window may wait for others, in milliseconds.
    static let patience: Int64 = 5000

    private let device: DeviceID
    private var waiting: [StoredWindow] = []
    private var waitingSince: Int64?

    init(device: DeviceID) { self.device = device }

    var isEmpty: Bool { waiting.isEmpty }
    var isFull: Bool { waiting.count >= Self.batch }

    mutating func add(_ windows: [SampleWindow]) {
        for window in windows {
            waiting.append(
                StoredWindow(device: device, start: window.start, end: window.end, values: window.values))
        }
    }

    /// Whether what waits has waited long enough; starts the waiting when it is first asked.
    mutating func isDue(uptime: Int64) -> Bool {
        guard !waiting.isEmpty else { return false }
        let since = waitingSince ?? uptime
        waitingSince = since
        return uptime - since >= Self.patience
    }

    mutating func take() -> [StoredWindow] {
        defer {
            waiting = []
            waitingSince = nil
        }
        return waiting
    }
}
