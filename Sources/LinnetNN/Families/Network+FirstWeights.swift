// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

extension Network {
    /// Finds the weights that training starts from: drawn, or of a deep belief network learned from the rows.
    ///
    /// - Parameters:
    ///   - inputs: standardized windows, `[rows, inputWidth]`; only a deep belief network looks at them.
    ///   - pretrainingEpochs: the passes over the rows for each of its layers.
    ///   - pause: called after each batch of those; `false` ends them.
    /// - Throws: as `DeepBeliefPretraining` does.
    public func initialParameters(
        seed: UInt64, learningFrom inputs: Matrix, pretrainingEpochs: Int = 10, pause: () -> Bool = { true }
    ) throws(TrainingError) -> ParameterVector {
        guard architecture.family == ModelFamily.deepBelief.rawValue else { return initialParameters(seed: seed) }
        return try DeepBeliefPretraining(epochs: pretrainingEpochs, seed: seed)
            .parameters(for: self, inputs: inputs, pause: pause)
    }
}
