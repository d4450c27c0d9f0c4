// SPDX-License-Identifier: Apache-2.0

import LinnetTestKit
import Testing

/// Tests of whole processes: real programs, a real broker, real databases. One at a time: each needs the machine.
@Suite("System", .serialized, .enabled(if: LinnetPrograms.areBuilt, Comment(rawValue: LinnetPrograms.skipped)))
enum SystemTests {}
