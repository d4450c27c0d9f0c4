// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// One machine's recording: rows that are taken for normal, and later ones with labels.
struct RecordedMachine: Sendable {
    let name: String
    /// `[samples, channels]`, oldest first.
    let training: Matrix
    let test: Matrix
    /// Which rows of the test are anomalous.
    let labels: [Bool]
}
