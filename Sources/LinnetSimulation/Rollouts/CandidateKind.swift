// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics

/// What is rolled out in a simulated fleet: a version as it was trained, or one in which something is wrong.
public enum CandidateKind: String, Codable, Sendable, Hashable, CaseIterable {
    case good
    /// Its weights are so large that it reconstructs nothing.
    case alarming
    /// It gives back what comes in, so that it reconstructs a fault as well as anything.
    case blind
    /// It says the same, and takes many times as long.
    case slow
    /// One of its weights is not a number.
    case notFinite = "not-finite"
    /// Its channels have the scales of another machine.
    case wrongScaler = "wrong-scaler"

    /// Makes the version out of a good one.
    ///
    /// - Parameter slowness: how many times the parameters, and with them the time to score a window, grow.
    public func applied(to good: ModelArtifact, slowness: Double = 10) -> ModelArtifact {
        var model = good
        switch self {
        case .good: break
        case .alarming: for index in 0..<model.parameters.count { model.parameters[index] *= 20 }
        case .blind: model = Self.identity(like: good)
        case .slow: model = Self.widened(good, atLeast: slowness)
        case .notFinite: if model.parameters.count > 0 { model.parameters[0] = .nan }
        case .wrongScaler: model.scaler.scale = model.scaler.scale.map { $0 * 1000 }
        }
        return model
    }

    private static func identity(like good: ModelArtifact) -> ModelArtifact {
        var model = good
        let width = good.architecture.inputWidth
        model.architecture = NetworkArchitecture(
            family: good.architecture.family, inputWidth: width, layers: [.dense(width: width, activation: .identity)])
        var values = [Float](repeating: 0, count: width * width + width)
        for channel in 0..<width { values[channel * width + channel] = 1 }
        model.parameters = ParameterVector(values)
        return model
    }

    /// Adds units that nothing goes out of; a network that is not dense alone stays as it is.
    private static func widened(_ good: ModelArtifact, atLeast factor: Double) -> ModelArtifact {
        let layers = good.architecture.layers.compactMap { layer -> DenseDescription? in
            if case .dense(let description) = layer { description } else { nil }
        }
        guard layers.count == good.architecture.layers.count, layers.count > 1,
            let old = try? Network(good.architecture)  // it is a version's, so it can be built
        else { return good }
        var model = good
        var extra = 0
        repeat {
            extra += 16
            model.architecture.layers = layers.enumerated().map { index, layer in
                .dense(
                    width: layer.width + (index == layers.count - 1 ? 0 : extra), activation: layer.activation)
            }
        } while model.architecture.parameterCount > 0
            && Double(model.architecture.parameterCount) < factor * Double(old.parameterCount)
        guard let network = try? Network(model.architecture) else { return good }
        var values = [Float](repeating: 0, count: network.parameterCount)
        for (from, to) in zip(old.slots, network.slots) {
            let (width, newWidth) = (from.shape.last ?? 1, to.shape.last ?? 1)
            for index in 0..<from.range.count {
                let (row, column) = index.quotientAndRemainder(dividingBy: width)
                values[to.range.lowerBound + row * newWidth + column] = good.parameters[from.range.lowerBound + index]
            }
        }
        model.parameters = ParameterVector(values)
        return model
    }
}
