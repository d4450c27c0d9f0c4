// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetNN
import LinnetNumerics
import LinnetTestDigits
import Testing

private let dataFolder = ProcessInfo.processInfo.environment["LINNET_DATA"]

/// A short form of `Scripts/benchmark mnist`, which sets PyTorch and Keras beside it and takes every digit.
@Suite("Handwritten digits", .enabled(if: dataFolder != nil, "LINNET_DATA names no folder of data sets"))
struct MNISTTests {
    private static func digits() throws -> DigitImages {
        BLAS.useOneThread()
        return try DigitImages(folder: try #require(dataFolder) + "/mnist")
    }

    @Test("a convolutional classifier reads digits that it has not seen")
    func classifier() throws {
        let some = try Self.digits().rows { place, _ in place % 2 == 0 }
        let accuracy = try DigitNetworks.accuracy(some, epochs: 4, seed: 1)
        #expect(accuracy > 0.88)
    }

    @Test("a digit left out of training scores above the others", arguments: DigitNetworks.detectors.map(\.name))
    func leftOut(_ name: String) throws {
        let architecture = try #require(DigitNetworks.detectors.first { $0.name == name }?.architecture)
        let some = try Self.digits().rows { place, _ in place % 4 == 0 }
        #expect(try DigitNetworks.areas(architecture, some, epochs: 10) { $0 != 0 }.absolute > 0.75)
    }

    @Test("a detector that knows one digit finds more of the others by its error relative to what there is in an image")
    func relative() throws {
        let architecture = try #require(DigitNetworks.detectors.first?.architecture)
        let some = try Self.digits().rows { place, _ in place % 2 == 0 }
        let areas = try DigitNetworks.areas(architecture, some, epochs: 10) { $0 == 8 }
        #expect(areas.relative > 0.88 && areas.relative > areas.absolute + 0.02)
    }
}
