// SPDX-License-Identifier: Apache-2.0

/// Why a description is of no strategy; each sentence names what is allowed.
public enum StrategyError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no strategy of this name.
    case unknownName(String)
    /// The strategy takes no such parameter.
    case unknownParameter(String, strategy: StrategyDescription.Name)
    /// A parameter's value is not a number.
    case notANumber(parameter: String, found: String)
    /// A parameter is given twice.
    case repeated(StrategyDescription.Parameter)
    /// A parameter's number is not one it can have.
    case outOfRange(StrategyDescription.Parameter, found: Double)

    public var description: String {
        switch self {
        case .unknownName(let name):
            "there is no strategy \"\(name)\"; there are "
                + StrategyDescription.Name.allCases.map(\.rawValue).joined(separator: ", ")
        case .unknownParameter(let parameter, let strategy):
            "strategy \(strategy.rawValue) takes no \"\(parameter)\"; "
                + (strategy.parameters.isEmpty
                    ? "it takes none"
                    : "it takes " + strategy.parameters.map(\.rawValue).joined(separator: ", "))
        case .notANumber(let parameter, let found): "\(parameter) is \"\(found)\", which is not a number"
        case .repeated(let parameter): "\(parameter.rawValue) is given twice"
        case .outOfRange(let parameter, let found):
            "\(parameter.rawValue) is \(StrategyDescription.text(found)); it must be \(parameter.allowed)"
        }
    }
}
