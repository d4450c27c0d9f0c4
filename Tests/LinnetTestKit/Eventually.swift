// SPDX-License-Identifier: Apache-2.0

/// Asks `condition` every ten milliseconds until it holds or `timeout` is over.
///
///     #expect(await eventually { received.count == 3 })
///
/// - Returns: whether it held in time.
public func eventually(
    timeout: Duration = .seconds(60), _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let deadline = ContinuousClock.now + timeout
    while try await !condition() {
        guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
        // A cancelled sleep only shortens the wait; the loop sees the cancellation itself.
        try? await Task.sleep(for: .milliseconds(10))
    }
    return true
}
