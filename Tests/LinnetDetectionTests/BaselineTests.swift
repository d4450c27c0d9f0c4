// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDetection
import LinnetNumerics
import Testing

@Suite("Baselines")
struct BaselineTests {
    /// Windows of four samples of three channels that follow one load; in a faulty one a channel stops following it.
    private static func windows(_ count: Int, faulty: Bool = false, seed: UInt64) -> Matrix {
        var generator = SeededGenerator(seed: seed)
        var result = Matrix(rows: 0, columns: 12)
        for _ in 0..<count {
            let load = generator.gaussian()
            let broken = Int(generator.next() % 3)
            result.appendRow(
                (0..<12).map { i in
                    let level = faulty && i % 3 == broken ? 5 - load : load
                    return Float(level + 0.1 * generator.gaussian())
                })
        }
        return result
    }

    private static func scores(_ detector: any BaselineDetector, _ windows: Matrix) -> [Double] {
        var detector = detector
        return (0..<windows.rows).map { detector.score(Array(windows.row($0))) }
    }

    @Test("every baseline scores faulty windows above normal ones, and the same again", arguments: Baseline.allCases)
    func detects(_ baseline: Baseline) throws {
        let normal = Self.windows(600, seed: 1)
        let detector = try baseline.fit(normal, seed: 4)
        #expect(detector.valueCount > 0 && !baseline.purpose.isEmpty)
        let quiet = Self.scores(detector, Self.windows(200, seed: 2)).sorted()
        let loud = Self.scores(detector, Self.windows(200, faulty: true, seed: 3))
        #expect(loud.filter { $0 > quiet[189] }.count > 180)
        let again = try baseline.fit(normal, seed: 4)
        #expect(Self.scores(again, Self.windows(200, faulty: true, seed: 3)) == loud)
    }

    @Test("a constant channel, huge values and two equal windows give finite scores", arguments: Baseline.allCases)
    func odd(_ baseline: Baseline) throws {
        var constant = Self.windows(100, seed: 1)
        for row in 0..<100 { for i in [1, 4, 7, 10] { constant[row, i] = 0 } }
        for windows in [constant, Matrix(rows: 2, columns: 12)] {
            var detector = try baseline.fit(windows, seed: 1)
            for value in [Float(0), 1, -50, 1e30] {
                let score = detector.score([Float](repeating: value, count: 12))
                #expect(score.isFinite && score >= 0)
            }
        }
    }

    @Test("too few windows, and windows that are not finite, are refused", arguments: Baseline.allCases)
    func refused(_ baseline: Baseline) {
        var broken = Self.windows(50, seed: 1)
        broken[7, 3] = .nan
        #expect(throws: DetectionError.self) { try baseline.fit(broken, seed: 1) }
        #expect(throws: DetectionError.tooFewWindows(found: 1, needed: 2)) {
            try baseline.fit(Self.windows(1, seed: 1), seed: 1)
        }
        #expect(throws: DetectionError.self) { try baseline.fit(Matrix(rows: 5, columns: 0), seed: 1) }
    }

    @Test("a robust z-score is not moved by a tenth of odd windows")
    func robust() {
        var windows = Self.windows(400, seed: 1)
        let clean = RobustZScoreDetector(fitting: windows)
        for row in 0..<40 { for i in 0..<12 { windows[row * 10, i] = 100 } }
        let dirty = RobustZScoreDetector(fitting: windows)
        let window = [Float](repeating: 4, count: 12)
        #expect(abs(dirty.score(window) / clean.score(window) - 1) < 0.5)
        // The median is 3 and that of the deviations 2, 0, 1, 0, 97 is 1: the score of 6 is (3 / 1.4826)².
        let short = RobustZScoreDetector(fitting: Matrix(rows: 5, columns: 1, values: [1, 3, 2, 3, 100]))
        #expect(abs(short.score([6]) - pow(3 / 1.4826, 2)) < 1e-6)
    }

    @Test("paths in a forest are as long as theory has them")
    func forest() {
        // One cut sets two windows apart, and c(2) = 1; equal windows are never apart, and the path is c of all of them.
        let two = IsolationForest(fitting: Matrix(rows: 2, columns: 1, values: [0, 1]), trees: 5, seed: 1)
        #expect(two.score([0]) == 0.5 && two.score([1]) == 0.5)
        let equal = IsolationForest(fitting: Matrix(rows: 40, columns: 3), trees: 5, seed: 1)
        #expect(abs(equal.score([0, 0, 0]) - 0.5) < 1e-6)
        // Of 0, 1 and 4 the first cut falls between 1 and 4 three times of four: then 4 has the path 1, else 2.
        let three = IsolationForest(fitting: Matrix(rows: 3, columns: 1, values: [0, 1, 4]), trees: 20_000, seed: 2)
        let c3 = 2 * 1.5 - 2 * 2.0 / 3
        #expect(abs(-log2(three.score([4])) * c3 - 1.25) < 0.01)
        #expect(abs(-log2(three.score([0])) * c3 - 1.75) < 0.01)
        #expect(abs(-log2(three.score([1])) * c3 - 2) < 0.01)
    }

    @Test("the ensemble learns as its paper says, written out in Double")
    func ensemble() {
        var generator = SeededGenerator(seed: 3)
        let rows = (0..<40).map { _ in (0..<3).map { _ in Float(generator.gaussian()) } }
        let windows = Matrix(rows: 40, columns: 3, values: rows.flatMap { $0 })
        var detector = AutoencoderEnsemble(fitting: windows, learningRate: 0.2, seed: 6)
        var drawn = SeededGenerator(seed: 6)
        var member = ReferenceMember(visible: 3, generator: &drawn)
        var output = ReferenceMember(visible: 1, generator: &drawn)
        for row in rows { _ = output.learn([member.learn(row.map(Double.init), rate: 0.2)], rate: 0.2) }
        for row in [[0, 0, 0], [5, -5, 5], [0.3, 0.2, -0.1]] as [[Float]] {
            let expected = output.error([member.error(row.map(Double.init))])
            #expect(abs(detector.score(row) - expected) < 1e-5 * max(1, expected))
        }
    }

    @Test("values that go together share an autoencoder, and none has more than its size")
    func groups() {
        var generator = SeededGenerator(seed: 3)
        var windows = Matrix(rows: 0, columns: 12)
        for _ in 0..<200 {
            let (a, b) = (generator.gaussian(), generator.gaussian())
            windows.appendRow((0..<12).map { Float(($0 % 2 == 0 ? a : b) + 0.1 * generator.gaussian()) })
        }
        func values(_ visible: Int) -> Int {
            let hidden = Int((0.75 * Double(visible)).rounded(.up))
            return visible * hidden + hidden + 3 * visible
        }
        let two = AutoencoderEnsemble(fitting: windows, seed: 1)
        #expect(two.valueCount == 2 * values(6) + values(2))
        #expect(AutoencoderEnsemble(fitting: windows, groupSize: 12, seed: 1).valueCount == values(12) + values(1))
        #expect(AutoencoderEnsemble(fitting: windows, groupSize: 1, seed: 1).valueCount == 12 * values(1) + values(12))
    }
}

/// One autoencoder of the ensemble, in Double and without any of its code.
private struct ReferenceMember {
    var w: [[Double]]
    var c: [Double]
    var b: [Double]
    var least: [Double]
    var most: [Double]

    init(visible: Int, generator: inout SeededGenerator) {
        let hidden = Int((0.75 * Double(visible)).rounded(.up))
        w = (0..<visible).map { _ in
            (0..<hidden).map { _ in Double(Float((2 * generator.uniform() - 1) / Double(visible))) }
        }
        c = [Double](repeating: 0, count: hidden)
        b = [Double](repeating: 0, count: visible)
        least = [Double](repeating: .infinity, count: visible)
        most = [Double](repeating: -.infinity, count: visible)
    }

    private func scaled(_ row: [Double]) -> [Double] {
        row.indices.map { (row[$0] - least[$0]) / (most[$0] - least[$0] < 1e-3 ? 1 : most[$0] - least[$0]) }
    }

    private func pass(_ x: [Double]) -> (y: [Double], z: [Double]) {
        let y = c.indices.map { h in
            Reference.sigmoid(c[h] + x.indices.reduce(0) { $0 + x[$1] * w[$1][h] })
        }
        let z = b.indices.map { v in Reference.sigmoid(b[v] + y.indices.reduce(0) { $0 + y[$1] * w[v][$1] }) }
        return (y, z)
    }

    func error(_ row: [Double]) -> Double {
        let x = scaled(row)
        let z = pass(x).z
        return (zip(x, z).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(x.count)).squareRoot()
    }

    mutating func learn(_ row: [Double], rate: Double) -> Double {
        for i in row.indices { (least[i], most[i]) = (min(least[i], row[i]), max(most[i], row[i])) }
        let before = error(row)
        let x = scaled(row)
        let (y, z) = pass(x)
        let e = zip(x, z).map { $0 - $1 }
        let d = y.indices.map { h in e.indices.reduce(0) { $0 + e[$1] * w[$1][h] } * y[h] * (1 - y[h]) }
        for v in x.indices { for h in y.indices { w[v][h] += rate * (x[v] * d[h] + e[v] * y[h]) } }
        for h in y.indices { c[h] += rate * d[h] }
        for v in x.indices { b[v] += rate * e[v] }
        return before
    }
}
