// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

extension MaintenanceWindow {
    /// Reads `22:00-04:30`, on every day.
    ///
    /// - Throws: ``RolloutPlanError`` naming the text.
    public init(parsing text: String) throws(RolloutPlanError) {
        guard let window = MaintenanceWindow(text) else {
            throw .outside("a maintenance window", found: "\"\(text.prefix(40))\"", allowed: "like 22:00-04:30, in UTC")
        }
        self = window
    }

    func check() throws(RolloutPlanError) {
        guard let problem else { return }
        throw .outside("a maintenance window", found: problem.found, allowed: problem.allowed)
    }
}
