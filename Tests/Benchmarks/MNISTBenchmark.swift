// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import LinnetNN
import LinnetNumerics
import LinnetTestDigits

/// Trains on handwritten digits: a classifier, and detectors of a digit that they were not shown.
struct MNISTBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mnist", abstract: "Accuracy of a classifier, and of detectors of a digit left out of training.")

    @Option(help: "Folder with MNIST's IDX files.")
    var data: String

    @Option(help: "Runs of the classifier, each from other weights.")
    var seeds = 5

    @Option(help: "Epochs of the classifier.")
    var epochs = 8

    @Option(help: "Epochs of each detector; 0 leaves them out.")
    var detectorEpochs = 20

    struct Result: Codable {
        /// On the test images, one for each seed.
        var accuracies: [Double]
        /// Area under the ROC curve for each digit left out of training, and for each digit alone in it; by detector, with
        /// its error taken as it is and set against how much there is in an image.
        var leftOut: [String: [Double]]
        var alone: [String: [Double]]
    }

    func validate() throws {
        guard (1...100).contains(seeds), (1...100).contains(epochs), (0...1000).contains(detectorEpochs) else {
            throw ValidationError("--seeds and --epochs must be 1 to 100, --detector-epochs 0 to 1000")
        }
    }

    func run() throws {
        BLAS.useOneThread()
        let digits = try DigitImages(folder: data)
        var result = Result(accuracies: [], leftOut: [:], alone: [:])
        for seed in 1...seeds { result.accuracies.append(try accuracy(digits, seed: UInt64(seed))) }
        for (name, architecture) in DigitNetworks.detectors where detectorEpochs > 0 {
            for digit in 0...9 {
                let leftOut = try DigitNetworks.areas(architecture, digits, epochs: detectorEpochs) { $0 != digit }
                let alone = try DigitNetworks.areas(architecture, digits, epochs: detectorEpochs) { $0 == digit }
                result.leftOut[name, default: []].append(leftOut.absolute)
                result.leftOut["\(name), relative", default: []].append(leftOut.relative)
                result.alone[name, default: []].append(alone.absolute)
                result.alone["\(name), relative", default: []].append(alone.relative)
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(result), as: UTF8.self))
    }

    private func accuracy(_ digits: DigitImages, seed: UInt64) throws -> Double {
        try DigitNetworks.accuracy(digits, epochs: epochs, seed: seed)
    }
}
