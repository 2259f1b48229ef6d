-- SPDX-License-Identifier: Apache-2.0
-- What dedup remembers beside its journal: every report as the matcher sees it and where its matter
-- stands, who was joined to whom, who was separated for ever. Its state is the fold of its journal;
-- texts stand in the journal only. Times: ms UTC. Units: their interned integers. Enums: the numbers
-- of proto/whistle/v1.

-- id: the whistle's number, yyyymmdd * 10^7 + n. told: the seq of intake's event that blew it (0:
-- only dispatch has spoken of it so far). seq: our journal row with what was raised. stage: see
-- services/dedup/matter.h; moved: what dispatch said last. asks: hash of what it asks for beside its
-- text. raised: its priority before joins raised it, 0: none did. danger: 8 bytes a word of danger that
-- was in it. blob: the report as the matcher sees it (services/match/report.h), no text.
-- open: a held one, or a matter that has not ended. What changes is narrow; the blob stands in the
-- row, so that a rebuild reads it in the key's order.
CREATE TABLE report (
    id int8 PRIMARY KEY,
    at int8 NOT NULL,
    told int8 NOT NULL,
    seq int8 NOT NULL,
    until_at int8 NOT NULL,
    resolved_at int8 NOT NULL,
    asks int8 NOT NULL,
    raised int8 NOT NULL,
    unit int4 NOT NULL,
    street int4 NOT NULL,
    stage int2 NOT NULL,
    moved int2 NOT NULL,
    priority int2 NOT NULL,
    flags int2 NOT NULL,
    open boolean NOT NULL,
    danger bytea NOT NULL,
    blob bytea NOT NULL
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_insert_threshold = 500000, autovacuum_analyze_threshold = 50000);
ALTER TABLE report ALTER COLUMN blob SET STORAGE PLAIN;
ALTER TABLE report ALTER COLUMN danger SET STORAGE PLAIN;
CREATE INDEX report_open ON report (id) WHERE open;

-- Who was joined to whose matter. seq: the journal row that joined; parted_seq: the one that
-- separated, 0 while it holds. Rows are closed, never deleted. raised_from: the matter's priority
-- before, where the join raised it.
CREATE TABLE membership (
    child int8 NOT NULL,
    seq int8 NOT NULL,
    parent int8 NOT NULL,
    parted_seq int8 NOT NULL DEFAULT 0,
    raised_from int2 NOT NULL DEFAULT 0,
    PRIMARY KEY (child, seq)
) WITH (fillfactor = 90);
CREATE INDEX membership_parent ON membership (parent);

-- Two that a person separated, a < b: never joined by themselves again. lifted_seq: the journal row
-- by which a person joined them all the same, 0 while it holds.
CREATE TABLE apart (
    a int8 NOT NULL,
    b int8 NOT NULL,
    seq int8 NOT NULL,
    lifted_seq int8 NOT NULL DEFAULT 0,
    PRIMARY KEY (a, b)
);

-- Adopted versions and the journal rows that hold them.
CREATE TABLE district (
    version int4 PRIMARY KEY,
    seq int8 NOT NULL
);
