// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The coordinator's schema, as a series of steps that are each applied once.
///
///     cohort         one row a signal contract
///     agent          what is known of each agent; its last update's sequence number, its outbox's low-water mark
///     round          one row a round; `body` is the whole ``Round`` as JSON, the columns are what is asked by
///     round_update   accepted updates, with their bytes for as long as the round can be computed again
///     verdict        what was said of each update
///     model_version  immutable model files, and what the strategy remembered with them
///     release        signed manifests' contents, newest by number
///     rollout        one row a rollout; `body` is the whole ``Rollout`` as JSON, `revision` counts its changes
///     rollout_target one row an agent of a rollout; `body` is the whole ``RolloutTarget`` as JSON
///     evidence       every change of every agent of a rollout, with what it had measured by then
///     quarantine     versions that must not be released, or trained from, again
///     alias          names for versions
///     lineage_member which of its cohort's lineages an agent belongs to
///     event          anomaly events, newest revision each; `row` grows with every change
///     event_ahead    outbox numbers received above an agent's low-water mark
///     audit          who did what, why; `digest` chains each row to the one before
package enum Migrations {
    package static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: agents, rounds, versions, events, audit") { database in
            try database.execute(sql: schema)
        }
        migrator.registerMigration("2: the key an agent's updates are signed with") { database in
            try database.execute(sql: "ALTER TABLE agent ADD COLUMN publicKey TEXT")
        }
        migrator.registerMigration("3: what the strategy remembers with a version") { database in
            try database.execute(sql: "ALTER TABLE model_version ADD COLUMN serverState BLOB")
        }
        migrator.registerMigration("4: rollouts, their agents and evidence, quarantine, aliases") { database in
            try database.execute(sql: rollouts)
        }
        migrator.registerMigration("5: which version a round evaluates") { database in
            try database.execute(
                sql: """
                    ALTER TABLE round ADD COLUMN evaluates TEXT;
                    CREATE INDEX round_evaluates ON round (evaluates, number) WHERE evaluates IS NOT NULL;
                    """)
        }
        migrator.registerMigration("6: lineages of a cohort, and who belongs to which") { database in
            try database.execute(
                sql: """
                    ALTER TABLE model_version ADD COLUMN lineage INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE release ADD COLUMN lineage INTEGER;
                    CREATE TABLE lineage_member (
                        cohort TEXT NOT NULL REFERENCES cohort, agent TEXT NOT NULL, lineage INTEGER NOT NULL,
                        PRIMARY KEY (cohort, agent)
                    ) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("7: control variates beside updates") { database in
            try database.execute(sql: "ALTER TABLE round_update ADD COLUMN control BLOB")
        }
        return migrator
    }

    private static let rollouts = """
        CREATE TABLE rollout (
            number INTEGER PRIMARY KEY AUTOINCREMENT, cohort TEXT NOT NULL REFERENCES cohort, digest TEXT NOT NULL,
            previous TEXT, phase TEXT NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL
        );
        CREATE INDEX rollout_by_cohort ON rollout (cohort, number);
        CREATE INDEX rollout_started ON rollout (phase)
            WHERE phase IN ('awaitingApproval', 'scheduled', 'running', 'paused');

        CREATE TABLE rollout_target (
            rollout INTEGER NOT NULL REFERENCES rollout ON DELETE CASCADE, agent TEXT NOT NULL, state TEXT NOT NULL,
            body TEXT NOT NULL, PRIMARY KEY (rollout, agent)
        ) WITHOUT ROWID;

        CREATE TABLE evidence (
            row INTEGER PRIMARY KEY AUTOINCREMENT, rollout INTEGER NOT NULL REFERENCES rollout ON DELETE CASCADE,
            agent TEXT NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, evidence TEXT NOT NULL
        );
        CREATE INDEX evidence_by_rollout ON evidence (rollout, row);

        CREATE TABLE quarantine (
            digest TEXT PRIMARY KEY, reason TEXT NOT NULL, rollout INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE alias (
            cohort TEXT NOT NULL REFERENCES cohort, name TEXT NOT NULL,
            digest TEXT NOT NULL REFERENCES model_version ON DELETE CASCADE, PRIMARY KEY (cohort, name)
        ) WITHOUT ROWID;

        ALTER TABLE model_version ADD COLUMN origin TEXT;
        ALTER TABLE release ADD COLUMN isForAll INTEGER NOT NULL DEFAULT 1;
        """

    private static let schema = """
        CREATE TABLE cohort (id TEXT PRIMARY KEY, contract TEXT NOT NULL) WITHOUT ROWID;

        CREATE TABLE agent (
            id TEXT PRIMARY KEY, session TEXT NOT NULL, isOnline INTEGER NOT NULL, lastSeen INTEGER NOT NULL,
            state TEXT, updateSequence INTEGER NOT NULL DEFAULT 0, eventMark INTEGER NOT NULL DEFAULT 0
        ) WITHOUT ROWID;

        CREATE TABLE round (
            number INTEGER PRIMARY KEY AUTOINCREMENT, cohort TEXT NOT NULL REFERENCES cohort, phase TEXT NOT NULL,
            kind TEXT NOT NULL, lossBefore REAL, lossAfter REAL, body TEXT NOT NULL
        );
        CREATE INDEX round_by_cohort ON round (cohort, number);
        CREATE INDEX round_open ON round (phase) WHERE phase IN ('collecting', 'aggregating');

        CREATE TABLE round_update (
            round INTEGER NOT NULL REFERENCES round ON DELETE CASCADE, agent TEXT NOT NULL, header TEXT NOT NULL,
            body BLOB NOT NULL, receivedAt INTEGER NOT NULL, PRIMARY KEY (round, agent)
        );

        CREATE TABLE verdict (
            row INTEGER PRIMARY KEY AUTOINCREMENT, round INTEGER NOT NULL, agent TEXT NOT NULL,
            sequence INTEGER NOT NULL, accepted INTEGER NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL
        );
        CREATE INDEX verdict_by_agent ON verdict (agent, row);
        CREATE INDEX verdict_by_round ON verdict (round);

        CREATE TABLE model_version (
            digest TEXT PRIMARY KEY, cohort TEXT NOT NULL REFERENCES cohort, number INTEGER NOT NULL, parent TEXT,
            round INTEGER NOT NULL, participants TEXT NOT NULL, parameters INTEGER NOT NULL, lossBefore REAL,
            lossAfter REAL, createdAt INTEGER NOT NULL, file BLOB NOT NULL, UNIQUE (cohort, number)
        );
        CREATE TRIGGER model_version_is_immutable BEFORE UPDATE ON model_version
        BEGIN SELECT RAISE(ABORT, 'a model version is immutable'); END;

        CREATE TABLE release (
            cohort TEXT NOT NULL REFERENCES cohort, number INTEGER NOT NULL, digest TEXT NOT NULL,
            manifest TEXT NOT NULL, PRIMARY KEY (cohort, number)
        ) WITHOUT ROWID;

        CREATE TABLE event (
            row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL,
            agent TEXT NOT NULL, device TEXT NOT NULL, sequence INTEGER NOT NULL, state TEXT NOT NULL,
            startedAt INTEGER NOT NULL, endedAt INTEGER NOT NULL, score REAL NOT NULL, threshold REAL NOT NULL,
            modelVersion INTEGER NOT NULL, channel TEXT, body TEXT NOT NULL, receivedAt INTEGER NOT NULL
        );
        CREATE INDEX event_by_device ON event (agent, device, row);
        CREATE INDEX event_firing ON event (state) WHERE state = 'firing';

        CREATE TABLE event_ahead (agent TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (agent, sequence))
        WITHOUT ROWID;

        CREATE TABLE audit (
            row INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
            subject TEXT NOT NULL, reason TEXT NOT NULL, digest TEXT NOT NULL
        );
        """
}
