// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// A control variate of SCAFFOLD as it travels and is kept: the fleet's in a file of its own, the change of an agent's as
/// one more tensor of its update. See ``ScaffoldClient`` for what it is.
///
/// The fleet's file is safetensors with the text `format` = `linnet-control/1` and the tensor `control` F32 [P], in the
/// order of the base's parameters. The file of [0.5, -1] has the tensor `00 00 00 3F 00 00 80 BF`.
public struct ControlVariate: Sendable, Equatable {
    /// `[P]`, all finite.
    public let values: ParameterVector

    /// The value of the text `format`.
    public static let format = "linnet-control/1"
    /// The tensor's name, in the fleet's file and in an update.
    public static let tensorName = "control"

    /// - Throws: ``CompressionError/notFinite``.
    public init(_ values: ParameterVector) throws(CompressionError) {
        guard values.isFinite else { throw .notFinite }
        self.values = values
    }

    /// Reads the fleet's file.
    ///
    /// - Parameter count: the number of parameters, P.
    /// - Throws: ``CompressionError``; whatever the tensors hold, nothing traps.
    public init(tensors: [Tensor], metadata: [String: String], count: Int) throws(CompressionError) {
        let format = metadata["format"] ?? ""
        guard format == Self.format else { throw .unknownEncoding(String(format.prefix(64))) }
        guard let (control, others) = try Self.taken(from: tensors, count: count) else {
            throw .tensor(Self.tensorName, reason: "is missing")
        }
        if let other = others.first { throw .tensor(other.name, reason: "is one more than a control variate has") }
        self = control
    }

    /// Takes the change of a control variate out of an update's tensors.
    ///
    /// - Returns: `nil` if there is none.
    /// - Throws: ``CompressionError`` if there is one that can not be.
    public static func taken(
        from tensors: [Tensor], count: Int
    ) throws(CompressionError) -> (control: ControlVariate, others: [Tensor])? {
        guard let tensor = tensors.first(where: { $0.name == tensorName }) else { return nil }
        guard tensor.shape.count == 1, case .float32(let values) = tensor.elements else {
            throw .tensor(tensorName, reason: "is no list of F32")
        }
        guard values.count == count else {
            throw .wrongCount(what: "numbers in tensor \"\(tensorName)\"", found: values.count, expected: count)
        }
        return (try ControlVariate(ParameterVector(values)), tensors.filter { $0.name != tensorName })
    }

    /// The tensor to be written.
    public var tensor: Tensor { Tensor(name: Self.tensorName, list: .float32(values.values)) }

    // MARK: - The fleet's side

    /// The name that the fleet's control variate stands under in a ``ServerState``.
    public static let stateKind = "scaffold"

    /// The fleet's control variate after a round, `c + (|S| / N) mean(Δc)` (Karimireddy et al. 2020, algorithm 1), as part
    /// of the state that is stored with the version.
    ///
    /// Updates are read one at a time, count the same, and are held to three times their median length.
    ///
    /// - Parameters:
    ///   - changes: the changes Δc of the round's participants, each `[P]`.
    ///   - agents: how many agents the cohort has, N; at least as many as have contributed.
    ///   - count: P.
    /// - Throws: ``AggregationError``.
    public static func next(
        after state: ServerOptimizerState, changes: any UpdateSource, agents: Int, count: Int
    ) throws(AggregationError) -> ServerOptimizerState {
        let zero = ParameterVector(repeating: 0, count: count)
        let rule = NormClipping(FederatedAveraging(maximumWeight: 1), factor: 3)
        let mean = try rule.aggregate(changes, onto: zero)
        let share = Double(changes.contributors.count) / Double(max(agents, changes.contributors.count))
        var control = fleet(in: state, count: count) ?? zero
        for i in 0..<count { control[i] = Float(Double(control[i]) + share * Double(mean[i])) }
        guard control.isFinite else { throw .resultNotFinite(rule: stateKind) }
        return ServerOptimizerState(
            checked: stateKind, steps: min(state.kind == stateKind ? state.steps : 0, Int(Int32.max) - 1) + 1,
            momentum: control.values, secondMoment: [])
    }

    /// The fleet's control variate in a stored state; `nil` before the first round, or in another strategy's state.
    public static func fleet(in state: ServerOptimizerState, count: Int) -> ParameterVector? {
        guard state.kind == stateKind, state.momentum.count == count else { return nil }
        return ParameterVector(state.momentum)
    }
}
