// SPDX-License-Identifier: Apache-2.0

/// What is done about classes that have few examples: faults are rare, and a classifier that never finds one is nearly
/// always right.
public enum Balancing: Sendable, Codable, Hashable {
    /// Nothing.
    case none
    /// Errors count the more the rarer their class is.
    case classWeights
    /// Rows of rare classes are repeated until all classes have as many as the largest.
    case oversampling
    /// Rows of common classes are left out until all have as few as the smallest.
    case undersampling
    /// As oversampling, with normal noise added to each repeated value (Um et al. 2017).
    case jitter(standardDeviation: Float = 0.1)
    /// As oversampling, with rows that a GAN makes which has learned the class (Douzas and Bacao 2018, one for a class).
    case generation(epochs: Int = 300)

    /// Checks every number against its range.
    func validate() throws(TrainingError) {
        switch self {
        case .jitter(let deviation): try TrainingSettings.check("jitter", deviation, within: 0...100)
        case .generation(let epochs): try TrainingSettings.check("generation.epochs", epochs, within: 1...100_000)
        default: break
        }
    }
}
