// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One process of the demonstration: what is started, again and again if need be, and where its words go.
struct ProcessPlan: Sendable, Equatable {
    /// What stands in processes.json and in front of its log: `broker`, `coordinator`, an agent's name.
    let name: String
    let executable: String
    let arguments: [String]
    let logPath: String

    /// Starts the process in a group of its own, with its output appended to its log.
    ///
    /// A group of its own keeps Ctrl-C from it: the demonstration stops its processes in order. The kernel kills it when the
    /// calling thread ends (`PR_SET_PDEATHSIG`, set by `setpriv`), so call this from a thread that lives as long as the
    /// demonstration does: then no process outlives a demonstration that is itself killed with -9.
    func start() throws(CommandFailure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, logPath, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        // A parent may have been started with signals blocked, and a child that inherits that never hears it is to stop.
        var blocked = sigset_t()
        sigemptyset(&blocked)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))

        let guardian = "/usr/bin/setpriv"
        let prefix = access(guardian, X_OK) == 0 ? [guardian, "--pdeathsig", "KILL", "--"] : []
        let words = prefix + [executable] + arguments
        var pointers = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, words[0], &actions, &attributes, &pointers, environ)
        guard failure == 0 else {
            throw .failed("\(name): \(executable) can not be started: \(String(cString: strerror(failure)))")
        }
        return pid
    }
}
