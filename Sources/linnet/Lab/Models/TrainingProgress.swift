// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A bar on standard error that fills while a network learns; nothing where nobody looks at it.
struct TrainingProgress {
    /// Steps of all epochs; training that stops early never gets there.
    let total: Int
    private let isShown: Bool
    private let width = 32
    private var steps = 0
    private var filled = -1

    init(epochs: Int, rows: Int, batchSize: Int, isShown: Bool) {
        total = max(1, epochs * ((rows + batchSize - 1) / max(1, batchSize)))
        self.isShown = isShown
    }

    /// One batch more has been learned.
    mutating func advance() {
        steps += 1
        let cells = min(width, steps * width / total)
        guard isShown, cells != filled else { return }
        filled = cells
        show("\r[\(HumanText.bar(Double(cells), of: Double(width), width: width))] \(min(100, 100 * steps / total)) %")
    }

    /// Takes the bar away.
    func finish() {
        if isShown { show("\r\u{1B}[K") }
    }

    private func show(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
