// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

extension MaintenanceWindow {
    /// Reads `22:00-04:30`, on every day, or `mon-fri 22:00-04:30`, or `sat,sun 06:00-18:00`.
    ///
    /// - Throws: ``RolloutPlanError`` naming the text.
    public init(parsing text: String) throws(RolloutPlanError) {
        guard let window = MaintenanceWindow(text) else {
            throw .outside(
                "a maintenance window", found: "\"\(text.prefix(40))\"",
                allowed: "like 22:00-04:30 or mon-fri 22:00-04:30, in UTC")
        }
        self = window
    }

    /// What of it can not be; `nil` if nothing.
    var planProblem: RolloutPlanError? {
        problem.map { .outside("a maintenance window", found: $0.found, allowed: $0.allowed) }
    }
}
