// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetNumerics
import Testing

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "are written as ISO 8601 in UTC, exact to the millisecond",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (1_767_225_600_001, "2026-01-01T00:00:00.001Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
            (Int64.max, "292278994-08-17T07:12:55.807Z"),
            (Int64.min, "-292275055-05-16T16:47:04.192Z"),
        ] as [(Int64, String)])
    func text(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
    }

    @Test("saturate where a difference or a sum does not fit")
    func saturation() {
        let first = Timestamp(milliseconds: .min)
        let last = Timestamp(milliseconds: .max)

        #expect(last.milliseconds(since: first) == .max)
        #expect(first.milliseconds(since: last) == .min)
        #expect(last.adding(milliseconds: 1) == last)
        #expect(first.adding(milliseconds: -1) == first)
        #expect(first.adding(milliseconds: 5).milliseconds(since: first) == 5)
    }

    @Test("a date that is not finite becomes the epoch")
    func strangeDates() {
        for seconds in [Double.nan, .infinity, -.infinity, 1e300] {
            #expect(Timestamp(Date(timeIntervalSince1970: seconds)).milliseconds == 0)
        }
        #expect(Timestamp(Date(timeIntervalSince1970: 1.2345)).milliseconds == 1235)
    }

    @Test("are plain numbers in JSON, and only whole ones")
    func codable() throws {
        let time = Timestamp(milliseconds: 1_767_225_600_001)

        #expect(String(decoding: try JSONEncoder().encode([time]), as: UTF8.self) == "[1767225600001]")
        for text in ["[1.5]", "[1e30]", "[\"1\"]", "[null]", "[9223372036854775808]"] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode([Timestamp].self, from: Data(text.utf8))
            }
        }
    }
}

@Suite("Channel moments")
struct ChannelMomentsTests {
    private func moments(_ values: some Sequence<Double>) -> ChannelMoments {
        var moments = ChannelMoments()
        for value in values { moments.add(value) }
        return moments
    }

    @Test("two halves merge to the whole, wherever it is cut")
    func merge() {
        var generator = SeededGenerator(seed: 11)
        let values = (0..<1000).map { _ in 1e6 + generator.gaussian() }
        let whole = moments(values)

        for cut in [0, 1, 2, 499, 998, 999, 1000] {
            var merged = moments(values[..<cut])
            merged.merge(moments(values[cut...]))

            #expect(merged.count == 1000)
            #expect(abs(merged.mean - whole.mean) < 1e-8)
            #expect(abs(merged.variance - whole.variance) < 1e-8)
            #expect(merged.minimum == values.min())
            #expect(merged.maximum == values.max())
            #expect(merged.isPlausible)
        }
    }

    @Test("agree with the textbook on a small sample")
    func textbook() {
        let sample = moments([2, 4, 4, 4, 5, 5, 7, 9])

        #expect(sample.mean == 5)
        #expect(sample.standardDeviation == 2)
        #expect(ChannelMoments().standardDeviation == 0)
        #expect(moments([.nan, 1, .infinity, -.infinity, 3]) == moments([1, 3]))
    }

    @Test("claims that no data can have are not plausible")
    func plausibility() throws {
        func read(_ count: String, _ mean: String, _ squares: String, _ low: String, _ high: String) throws -> Bool {
            let json =
                #"{"count":\#(count),"mean":\#(mean),"squaredDeviations":\#(squares),"minimum":\#(low),"maximum":\#(high)}"#
            return try JSONDecoder().decode(ChannelMoments.self, from: Data(json.utf8)).isPlausible
        }
        #expect(try read("3", "2", "2", "1", "3"))
        #expect(try !read("-1", "2", "2", "1", "3"))
        #expect(try !read("9223372036854775807", "2", "2", "1", "3"))
        #expect(try !read("3", "2", "-1", "1", "3"))
        #expect(try !read("3", "2", "2", "3", "1"))
        #expect(try !read("3", "9", "2", "1", "3"))
        #expect(ChannelMoments().isPlausible)
    }

    @Test("claimed counts saturate rather than trap")
    func saturation() throws {
        let json = #"{"count":9223372036854775807,"mean":1,"squaredDeviations":1e308,"minimum":-1e308,"maximum":1e308}"#
        let claimed = try JSONDecoder().decode(ChannelMoments.self, from: Data(json.utf8))
        var merged = claimed
        merged.merge(claimed)

        #expect(merged.count == .max)
        #expect(!merged.isPlausible)
    }
}

@Suite("Digests, versions and contracts")
struct NamedValueTests {
    @Test("a digest is 64 lower-case hexadecimal digits and nothing else")
    func digest() throws {
        let hex = String(repeating: "0123456789abcdef", count: 4)
        let digest = try #require(Digest(hex: hex))

        #expect(digest.short == "0123456789ab")
        #expect(try JSONDecoder().decode([Digest].self, from: JSONEncoder().encode([digest])) == [digest])
        for text in [
            "", hex.uppercased(), String(hex.dropLast()), hex + "0", "g" + hex.dropFirst(), "é" + hex.dropFirst(2),
        ] {
            #expect(Digest(hex: text) == nil)
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode([Digest].self, from: JSONEncoder().encode([text]))
            }
        }
    }

    @Test("a version is named by number and digest, and number 0 is a local one")
    func version() throws {
        let digest = try #require(Digest(hex: String(repeating: "a", count: 64)))

        #expect(ModelVersion(number: 7, digest: digest).description == "7 (aaaaaaaaaaaa)")
        #expect(ModelVersion(number: 0, digest: digest).description == "local (aaaaaaaaaaaa)")
        #expect(ModelVersion(number: 0, digest: digest).isLocal)
    }

    @Test("the width of a window that no Int can hold is no width")
    func inputWidth() {
        let channel = Channel(name: "temperature", unit: "degC")
        func width(_ channels: Int, _ window: Int) -> Int? {
            SignalContract(
                channels: Array(repeating: channel, count: channels), intervalMilliseconds: 1, windowLength: window
            ).inputWidth
        }

        #expect(width(3, 8) == 24)
        #expect(width(2, .max) == nil)
        #expect(width(0, 8) == nil)
        #expect(width(1, -1) == nil)
    }

    @Test("a contract's text names channels in order, units, rate and window")
    func canonicalText() {
        let contract = SignalContract(
            channels: [Channel(name: "temperature", unit: "degC"), Channel(name: "state")], intervalMilliseconds: 50,
            windowLength: 8)

        #expect(
            contract.canonicalText
                == "channel temperature [degC]\nchannel state []\ninterval 50 ms\nwindow 8")
    }
}
