// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// A release that is said ends some time later, so that a broker can not keep agents on it for ever; what still stands is
/// said again long before, under the same number. The store knows no end: it belongs to what is said, not to the release.
extension FleetCoordinator {
    /// A release as it is said now.
    func dated(_ manifest: ReleaseManifest) -> ReleaseManifest {
        var manifest = manifest
        manifest.expiresAt = clock.now().adding(milliseconds: settings.releaseValidMilliseconds)
        return manifest
    }

    /// Says releases and orders again once a third of their time is over.
    func renewReleases() {
        let now = clock.now()
        guard now.milliseconds(since: renewedAt).magnitude >= UInt64(settings.releaseValidMilliseconds) / 3 else {
            return
        }
        renewedAt = now
        announceReleases()
    }
}
