// SPDX-License-Identifier: Apache-2.0

/// Watches whether anything comes back: every state carries a word that the coordinator says in its next acknowledgement.
///
/// A broker whose access rules forbid a subscription grants it all the same and stays silent, and a broker alone tells
/// nobody that the coordinator is gone. Both look like this: connected, and no echo.
public struct EchoAudit: Sendable, Equatable {
    /// How long a connected agent waits for the first echo before it says so, in milliseconds.
    public static let patience: Int64 = 15_000
    private static let remembered = 16

    private var sent: [String] = []
    private var waitingSince: Int64?
    private var isReported = false
    /// Whether the last thing that was found is that nothing comes back.
    public private(set) var isSilent = false

    public init() {}

    /// Takes in a change of the connection.
    public mutating func connectionChanged(isConnected: Bool, uptime: Int64) {
        waitingSince = isConnected ? uptime : nil
        isReported = false
        if !isConnected { isSilent = false }
    }

    /// Notes a word that went out.
    public mutating func sent(_ echo: String, uptime: Int64) {
        sent.append(echo)
        if sent.count > Self.remembered { sent.removeFirst() }
        if waitingSince == nil { waitingSince = uptime }
    }

    /// Takes in a word that came back; one that was never sent proves nothing.
    public mutating func received(_ echo: String?, uptime: Int64) {
        guard let echo, sent.contains(echo) else { return }
        waitingSince = uptime
        isSilent = false
        isReported = false
    }

    /// - Parameter stateEvery: how often states go out: silence is only silence once several should have come back.
    /// - Returns: whether it is to be said now, which is once for each silence.
    public mutating func tick(uptime: Int64, stateEvery: Int64) -> Bool {
        guard let waitingSince, !sent.isEmpty, uptime - waitingSince > max(Self.patience, 3 * stateEvery) else {
            return false
        }
        isSilent = true
        defer { isReported = true }
        return !isReported
    }
}
