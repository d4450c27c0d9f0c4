// SPDX-License-Identifier: Apache-2.0

import LinnetNN

/// Two versions that follow each other.
public struct TrainedVersions: Sendable, Equatable {
    /// What the newest one was trained from.
    public var base: ModelArtifact
    public var newest: ModelArtifact

    public init(base: ModelArtifact, newest: ModelArtifact) {
        self.base = base
        self.newest = newest
    }
}
