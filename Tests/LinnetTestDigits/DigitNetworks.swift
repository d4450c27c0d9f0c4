// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics

/// The networks that learn handwritten digits, for tests and for the benchmark beside other libraries.
public enum DigitNetworks {
    /// The first images are for training, the rest for testing.
    public static let trainingShare = 0.75

    /// Two convolutions with max pooling and two dense layers, as `peers/mnist.py` has them.
    public static let classifier = NetworkArchitecture(
        family: .convolutionalClassifier, inputWidth: 784,
        layers: [
            .reshape([28, 28, 1]), .convolution(filters: 16, kernel: [3, 3], activation: .relu),
            .maxPooling(size: [2, 2]), .convolution(filters: 32, kernel: [3, 3], activation: .relu),
            .maxPooling(size: [2, 2]), .flatten, .dense(width: 64, activation: .relu),
            .dense(width: 10, activation: .identity),
        ])

    /// Detectors by name; noise in training keeps the autoencoders from merely copying strokes that they have not been shown.
    public static let detectors: [(name: String, architecture: NetworkArchitecture)] = [
        (
            "denoising autoencoder",
            NetworkArchitecture(
                family: .denoisingAutoencoder, inputWidth: 784,
                layers: [
                    .gaussianNoise(standardDeviation: 0.8), .dense(width: 128, activation: .relu),
                    .dense(width: 8, activation: .identity), .dense(width: 128, activation: .relu),
                    .dense(width: 784, activation: .identity),
                ])
        ),
        (
            "convolutional autoencoder",
            NetworkArchitecture(
                family: .convolutionalAutoencoder, inputWidth: 784,
                layers: [
                    .gaussianNoise(standardDeviation: 1), .reshape([28, 28, 1]),
                    .convolution(filters: 16, kernel: [3, 3], stride: [2, 2], padding: [1, 1], activation: .relu),
                    .convolution(filters: 16, kernel: [3, 3], stride: [2, 2], padding: [1, 1], activation: .relu),
                    .flatten, .dense(width: 16, activation: .identity), .dense(width: 784, activation: .relu),
                    .reshape([7, 7, 16]),
                    .transposedConvolution(
                        filters: 16, kernel: [3, 3], stride: [2, 2], padding: [1, 1], outputPadding: [1, 1],
                        activation: .relu),
                    .transposedConvolution(
                        filters: 1, kernel: [3, 3], stride: [2, 2], padding: [1, 1], outputPadding: [1, 1]),
                ])
        ), ("GAN", .gan(inputWidth: 784, hidden: [128], latent: 16)),
    ]

    /// Trains the classifier.
    ///
    /// - Returns: its accuracy on the images that it was not trained on.
    public static func accuracy(_ digits: DigitImages, epochs: Int, seed: UInt64) throws -> Double {
        let border = Int(trainingShare * Double(digits.labels.count))
        let training = digits.rows { place, _ in place < border }
        let test = digits.rows { place, _ in place >= border }
        let network = try Network(classifier)
        var parameters = network.initialParameters(seed: seed)
        let rows = try LabelledRows(inputs: training.images, labels: training.labels, classes: 10)
        _ = try ClassifierTraining(
            network: network, settings: TrainingSettings(epochs: epochs, seed: seed, validationShare: 0)
        ).fit(&parameters, to: rows)
        return try LabelledRows(inputs: test.images, labels: test.labels, classes: 10)
            .accuracy(of: network.classes(of: test.images, parameters: parameters))
    }

    /// Trains a detector on some digits, and lets it tell them from the others.
    ///
    /// - Parameters:
    ///   - epochs: over all training images; over some of them as many more as make the same number of steps.
    ///   - isNormal: says which digits it is shown.
    /// - Returns: the areas under the ROC curve, over normal images that it was not trained on and all others: by its error
    ///   alone, and by that set against how much there is in an image.
    public static func areas(
        _ architecture: NetworkArchitecture, _ digits: DigitImages, epochs: Int, isNormal: (Int) -> Bool
    ) throws -> (absolute: Double, relative: Double) {
        let border = Int(trainingShare * Double(digits.labels.count))
        let training = digits.rows { place, label in place < border && isNormal(label) }
        let network = try Network(architecture)
        var parameters = network.initialParameters(seed: 1)
        let passes = epochs * border / max(1, training.labels.count)
        var trainer = Trainer(
            network: network,
            settings: TrainingSettings(
                epochs: passes, learningRate: 2e-3, schedule: LearningRateSchedule(.cosine(epochs: passes)),
                validationShare: 0))
        _ = try trainer.fit(&parameters, inputs: training.images)
        let scorer = try WindowScorer(network: network, parameters: parameters)
        let relative = RelativeError(fitting: training.images)
        func scores(_ images: Matrix) -> (absolute: [Double], relative: [Double]) {
            var scores: (absolute: [Double], relative: [Double]) = ([], [])
            for row in 0..<images.rows {
                images.row(row).withUnsafeBufferPointer { image in
                    scores.absolute.append(scorer.score(image))
                    scores.relative.append(relative?.score(scores.absolute[row], of: image) ?? .nan)
                }
            }
            return scores
        }
        let normal = scores(digits.rows { place, label in place >= border && isNormal(label) }.images)
        let others = scores(digits.rows { _, label in !isNormal(label) }.images)
        return (
            areaUnderROC(low: normal.absolute, high: others.absolute),
            areaUnderROC(low: normal.relative, high: others.relative)
        )
    }
}
