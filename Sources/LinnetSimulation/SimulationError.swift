// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetFleet

/// Why a simulation ends without a result.
public enum SimulationError: Error, CustomStringConvertible {
    /// An agent's name is none.
    case name(String)
    /// A version could not be judged.
    case judging(String)
    /// No round was committed, and why the last one was not.
    case noModel(String)
    /// Nothing is planned any more, and rounds are missing.
    case stalled(committed: Int, wanted: Int)
    /// A folder of recordings can not be used.
    case recordings(String)

    public var description: String {
        switch self {
        case .name(let name): "\"\(name)\" is no name for an agent"
        case .judging(let reason): "a version could not be judged: \(reason)"
        case .noModel(let reason): "no version was made: \(reason)"
        case .stalled(let committed, let wanted):
            "nothing happens any more after \(committed) of \(wanted) rounds; this is a mistake in Linnet"
        case .recordings(let reason): reason
        }
    }
}
