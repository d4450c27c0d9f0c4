// SPDX-License-Identifier: Apache-2.0

/// Why a command ends without having done what it was asked for, and the exit code that says so to a script.
package struct CommandFailure: Error, CustomStringConvertible {
    package let code: Int32
    package let description: String

    /// Something went wrong on the way: exit code 1.
    static func failed(_ text: String) -> CommandFailure { CommandFailure(code: 1, description: text) }

    /// The command line asks for something that can not be: exit code 64, `EX_USAGE`.
    static func usage(_ text: String) -> CommandFailure { CommandFailure(code: 64, description: text) }

    /// The coordinator can not be reached: exit code 69, `EX_UNAVAILABLE`.
    static func unavailable(_ text: String) -> CommandFailure { CommandFailure(code: 69, description: text) }
}
