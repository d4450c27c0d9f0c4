// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import LinnetDomain
import LinnetNumerics
import Testing

@Suite("Quantile sketches")
struct QuantileSketchTests {
    enum Shape: CaseIterable, Sendable {
        case uniform, normal, skewed, twoHumps, steps, rising, falling

        func values(_ count: Int, seed: UInt64) -> [Double] {
            var generator = SeededGenerator(seed: seed)
            return (0..<count).map { position in
                switch self {
                case .uniform: generator.uniform()
                case .normal: generator.gaussian()
                case .skewed: exp(2 * generator.gaussian())
                case .twoHumps: generator.gaussian() * 0.1 + (generator.uniform() < 0.3 ? -5 : 5)
                case .steps: Double(generator.next() % 4)
                case .rising: Double(position)
                case .falling: -Double(position)
                }
            }
        }
    }

    private let ranks = [0, 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1]

    private func sketch(_ values: [Double], batch: Int = 2048) -> QuantileSketch {
        var sketch = QuantileSketch()
        for start in stride(from: 0, to: values.count, by: batch) {
            sketch.add(Array(values[start..<min(start + batch, values.count)]))
        }
        return sketch
    }

    /// How far the rank of `value` among sorted values is from `rank`; 0 within a run of equal ones.
    private func rankError(_ value: Double, _ rank: Double, _ sorted: [Double]) -> Double {
        // What a Float can tell apart is equal.
        let slack = value.magnitude * 0x1p-22
        let below = sorted.count { $0 < value - slack }
        let notAbove = sorted.count { $0 <= value + slack }
        let target = rank * Double(sorted.count)
        return max(0, Double(below) - target, target - Double(notAbove)) / Double(sorted.count)
    }

    @Test("twenty values are kept as they are, and asked for quantiles as NumPy's by Hazen's method")
    func exact() throws {
        let values = [
            2.041, -2.556, 0.418, -0.568, -0.453, -0.216, -2.02, -0.232, -0.865, 3.323, 0.226, -0.353, -0.281, -0.668,
            -1.055, -0.391, 0.482, -0.239, 0.958, -0.2,
        ]
        let sketch = sketch(values)
        // numpy 2.4: np.quantile(values, rank, method="hazen")
        let expected = [
            (0, -2.556), (0.01, -2.556), (0.1, -1.5375), (0.25, -0.618), (0.5, -0.26), (0.77, 0.3988), (0.99, 3.323),
            (1, 3.323),
        ]

        #expect(sketch.centroids.count == 20)
        for (rank, value) in expected { #expect(abs(try #require(sketch.quantile(rank)) - value) < 1e-6) }
    }

    @Test(
        "a rank is off by little in the middle and by less at the ends, whatever the shape", arguments: Shape.allCases)
    func accuracy(_ shape: Shape) throws {
        let values = shape.values(50_000, seed: 1)
        let sorted = values.sorted()
        let sketch = sketch(values)

        #expect(sketch.count == 50_000 && sketch.isPlausible)
        for rank in ranks {
            let error = rankError(try #require(sketch.quantile(rank)), rank, sorted)
            // A whole step of the scale function is 2π / δ · √(q (1 - q)); a quarter of it is allowed.
            let allowed = 0.25 * 0.0628 * (rank * (1 - rank)).squareRoot() + 1e-4
            #expect(error <= allowed, "rank \(rank) is off by \(error)")
        }
        #expect(sketch.quantile(0) == Double(Float(sorted[0])) && sketch.quantile(1) == Double(Float(sorted[49_999])))
    }

    @Test(
        "the sketch of a fleet is that of all its values, though agents have seen different amounts",
        arguments: Shape.allCases)
    func fleet(_ shape: Shape) throws {
        let agents = (0..<40).map { shape.values(100 + 50 * $0, seed: UInt64($0)) }
        let sorted = agents.flatMap { $0 }.sorted()

        let merged = QuantileSketch.merged(agents.map { (sketch($0), 1) })

        #expect(merged.count == Double(sorted.count) && merged.isPlausible)
        for rank in ranks {
            let error = rankError(try #require(merged.quantile(rank)), rank, sorted)
            #expect(error <= 0.5 * 0.0628 * (rank * (1 - rank)).squareRoot() + 2e-4, "rank \(rank) is off by \(error)")
        }
    }

    @Test("the same bits come out in whatever order sketches are merged in one pass")
    func order() {
        var generator = SeededGenerator(seed: 2)
        var parts = (0..<20).map { (sketch: sketch(Shape.normal.values(500, seed: UInt64($0))), factor: 1.0) }
        let first = QuantileSketch.merged(parts)
        for _ in 0..<10 {
            parts.shuffle(using: &generator)
            #expect(QuantileSketch.merged(parts) == first)
        }
    }

    @Test("the size is bounded, however much is added and merged")
    func size() {
        var sketch = QuantileSketch()
        for seed: UInt64 in 0..<200 {
            for shape in Shape.allCases { sketch.add(shape.values(100, seed: seed)) }
            #expect(sketch.centroids.count <= QuantileSketch.maximumCentroids)
        }
        for seed: UInt64 in 0..<50 { sketch.merge(self.sketch(Shape.skewed.values(1000, seed: seed))) }
        #expect(sketch.centroids.count <= QuantileSketch.maximumCentroids)
        #expect(sketch.count == 190_000 && sketch.isPlausible)
    }

    @Test("nothing, one value, and values that are none")
    func few() {
        var sketch = QuantileSketch()
        #expect(sketch.quantile(0.5) == nil && sketch.isPlausible && sketch.count == 0)
        sketch.add([.nan, .infinity, -.infinity])
        #expect(sketch == QuantileSketch())
        sketch.merge(QuantileSketch())
        #expect(sketch == QuantileSketch())
        sketch.add([7, .nan])
        #expect(sketch.quantile(0) == 7 && sketch.quantile(0.5) == 7 && sketch.quantile(1) == 7)
        #expect(sketch.quantile(-3) == 7 && sketch.quantile(9) == 7 && sketch.quantile(.nan) == nil)
        sketch.add([1e300, -1e300])
        #expect(sketch.isPlausible)
    }

    @Test("a sketch comes back from JSON as it was, and one that no data can have is not plausible")
    func json() throws {
        let sketch = sketch(Shape.skewed.values(5000, seed: 3))
        let bytes = try JSONEncoder().encode(sketch)
        #expect(try JSONDecoder().decode(QuantileSketch.self, from: bytes) == sketch)
        #expect(bytes.count < 2048)

        func read(_ means: String, _ weights: String, _ range: (String, String) = ("0", "9")) throws -> Bool {
            let text = #"{"means":[\#(means)],"weights":[\#(weights)],"minimum":\#(range.0),"maximum":\#(range.1)}"#
            return try JSONDecoder().decode(QuantileSketch.self, from: Data(text.utf8)).isPlausible
        }
        #expect(try read("1,2,2", "1,5,0.5"))
        #expect(try read("", "", ("0", "0")))
        for (means, weights) in [
            ("2,1", "1,1"), ("1", "0"), ("1", "-1"), ("1", "1e13"), ("10", "1"), ("-1", "1"), ("", ""),
        ] {
            #expect(try !read(means, weights), "\(means) \(weights)")
        }
        let many = (0..<102).map { "\(Double($0) / 20)" }.joined(separator: ",")
        #expect(try !read(many, many.replacing("0.0", with: "1")))
        #expect(throws: DecodingError.self) { try read("1,2", "1") }
        #expect(throws: DecodingError.self) { try read("1e999", "1") }
    }
}
