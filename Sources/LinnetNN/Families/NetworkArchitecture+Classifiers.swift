// SPDX-License-Identifier: Apache-2.0

extension NetworkArchitecture {
    /// Describes dense layers that tell classes apart; the outputs are logits, one for each class.
    ///
    /// - Parameter dropout: the share of values that vanish in training after each hidden layer; 0 for none.
    public static func classifier(
        inputWidth: Int, hidden: [Int], classes: Int, activation: Activation = .relu, dropout: Float = 0
    ) -> NetworkArchitecture {
        NetworkArchitecture(
            family: .classifier, inputWidth: inputWidth,
            layers: head(hidden: hidden, classes: classes, activation: activation, dropout: dropout))
    }

    /// Describes convolutions over time, each followed by max pooling that halves the window, and dense layers that tell
    /// classes apart; the outputs are logits, one for each class.
    ///
    /// - Parameters:
    ///   - filters: the output channels of each convolution.
    ///   - kernel: the samples that a convolution looks at; odd, so that half of it can be padding.
    ///   - hidden: the widths of the dense layers before the logits.
    public static func convolutionalClassifier(
        length: Int, channels: Int, filters: [Int] = [16, 32], kernel: Int = 5, hidden: [Int] = [64], classes: Int,
        activation: Activation = .relu, dropout: Float = 0
    ) -> NetworkArchitecture {
        var layers: [LayerDescription] = [.reshape([length, channels])]
        var remaining = length
        for width in filters {
            layers.append(
                .convolution(filters: width, kernel: [kernel], padding: [max(0, kernel / 2)], activation: activation))
            guard remaining >= 2 else { continue }
            layers.append(.maxPooling(size: [2]))
            remaining /= 2
        }
        return NetworkArchitecture(
            family: .convolutionalClassifier, inputWidth: width(length, channels),
            layers: layers + [.flatten]
                + head(hidden: hidden, classes: classes, activation: activation, dropout: dropout))
    }

    private static func head(
        hidden: [Int], classes: Int, activation: Activation, dropout: Float
    ) -> [LayerDescription] {
        hidden.flatMap { width -> [LayerDescription] in
            let dense = LayerDescription.dense(width: width, activation: activation)
            return dropout > 0 ? [dense, .dropout(rate: dropout)] : [dense]
        } + [.dense(width: classes, activation: .identity)]
    }
}
