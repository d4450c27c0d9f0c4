// SPDX-License-Identifier: Apache-2.0

/// Guesses which word was meant.
enum Spelling {
    /// The candidate that `word` is most likely a misspelling of; `nil` if none is close.
    ///
    /// Close is a third of the letters, measured as edits: a letter more, less, other, or two neighbours swapped.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        guard word.count <= 64 else { return nil }
        let ranked = candidates.map { (word: $0, distance: distance(word.lowercased(), $0.lowercased())) }
        guard let best = ranked.min(by: { ($0.distance, $0.word) < ($1.distance, $1.word) }) else { return nil }
        return best.distance <= max(1, min(word.count, best.word.count) / 3) ? best.word : nil
    }

    /// The words in quotes, with commas between them.
    static func list(_ words: [String]) -> String {
        let shown = words.prefix(20).map { "\"\($0)\"" }.joined(separator: ", ")
        return words.count > 20 ? "\(shown) and \(words.count - 20) more" : shown
    }

    /// Edits between two words: the optimal string alignment distance (Damerau 1964, restricted).
    static func distance(_ first: String, _ second: String) -> Int {
        let a = Array(first)
        let b = Array(second)
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        var older: [Int] = []
        var previous = Array(0...b.count)
        for i in 1...a.count {
            var current = [i]
            for j in 1...b.count {
                let substitution = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                var least = min(previous[j] + 1, current[j - 1] + 1, substitution)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { least = min(least, older[j - 2] + 1) }
                current.append(least)
            }
            older = previous
            previous = current
        }
        return previous[b.count]
    }
}
