// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// Whole milliseconds, rounded down; saturates rather than overflow.
    package var wholeMilliseconds: Int {
        let (seconds, overflow) = Int(components.seconds).multipliedReportingOverflow(by: 1000)
        guard !overflow else { return components.seconds < 0 ? .min : .max }
        let (sum, carry) = seconds.addingReportingOverflow(Int(components.attoseconds / 1_000_000_000_000_000))
        return carry ? .max : sum
    }
}
