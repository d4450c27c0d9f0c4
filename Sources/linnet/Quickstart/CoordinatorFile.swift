// SPDX-License-Identifier: Apache-2.0

import LinnetFleet

/// The coordinator's configuration file in a demonstration.
struct CoordinatorFile {
    let directory: RunDirectory
    let broker: BrokerFile
    let apiPort: Int
    let releases: ReleasePolicy
    /// From the start of one round to the next.
    let roundSeconds: Int
    /// Normal windows that an agent must have to take part.
    let minimumWindows: Int

    var text: String {
        """
        state: \(YAMLText.quoted(directory.coordinatorState))
        trustedAgents: \(YAMLText.quoted(directory.trustedAgents))
        api: {host: 127.0.0.1, port: \(apiPort)}
        broker: \(broker.section(for: "coordinator"))
        # A cohort of one, this host's, makes rounds of its own: hence a quorum of 1, and a share for the larger cohort.
        rounds:
          every: \(roundSeconds)s
          deadline: 20s
          quorum: 1
          quorumShare: 0.6
          minimumWindows: \(minimumWindows)
          epochs: 10
          batchSize: 32
          learningRate: 0.002
        model: {hidden: [24, 8], activation: tanh, falseAlarmsPerDay: 1}
        # Few enough for the slowest device, this host, to be through before the next round.
        release: {policy: \(releases.rawValue), shadowWindows: 10}
        rollout: {stages: ["1", all], soak: 2s, errors: 0%, timeout: 1m, shadowWindows: 10}

        """
    }
}
