-- SPDX-License-Identifier: Apache-2.0
-- What every service's schema has: the head, the journal, kept answers, cursors, followers, dead
-- letters. Applied by whistle-migrate as the service's own role, search_path is its schema.
-- (schema_version is made by the migrator itself.)

-- One row for ever. A turn's first statement sets it from the values it knows; no match, no turn.
-- touched: ms UTC of the owner's last touch. Narrow and half empty, so that every update is HOT.
CREATE TABLE head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch int8 NOT NULL DEFAULT 0,
    seq int8 NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000',
    touched int8 NOT NULL DEFAULT 0,
    CHECK (octet_length(hash) = 32)
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_cost_delay = 0);
INSERT INTO head DEFAULT VALUES;

-- One row a decision, never changed. body: the packed Event that travels; kind: field number set in
-- its <Service>Event; hash = BLAKE2b-256(previous hash || body). The primary key is the only index.
CREATE TABLE journal (
    seq int8 PRIMARY KEY,
    at int8 NOT NULL,
    kind int2 NOT NULL,
    object int8 NOT NULL,
    subjects int4[] NOT NULL,
    body bytea NOT NULL,
    hash bytea NOT NULL
) WITH (autovacuum_vacuum_insert_threshold = 200000, autovacuum_vacuum_insert_scale_factor = 0.1,
        autovacuum_analyze_threshold = 50000, autovacuum_analyze_scale_factor = 0.2);
-- Bodies are small and sealed in parts: trying to compress them costs more than it saves.
ALTER TABLE journal ALTER COLUMN body SET STORAGE EXTERNAL;

-- Kept answers by (request id, acting principal). seq: the first event the command made; refusal:
-- packed Error of a refusal by a rule (status 409), then seq is 0. digest: of what was received.
-- Dropped by the id's own time (UUIDv7 sorts by it), so the key's order is the order of leaving.
CREATE TABLE answer (
    request uuid NOT NULL,
    principal text NOT NULL,
    digest bytea NOT NULL,
    seq int8 NOT NULL DEFAULT 0,
    refusal bytea,
    PRIMARY KEY (request, principal)
) WITH (autovacuum_vacuum_threshold = 100000, autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_insert_threshold = 500000, autovacuum_vacuum_insert_scale_factor = 0.1,
        autovacuum_analyze_threshold = 50000);

-- Where this service stands in the feeds it follows; moves with the effects, in their transaction.
-- hash: the followed journal's at seq, empty where unknown.
CREATE TABLE cursor (
    feed text PRIMARY KEY,
    seq int8 NOT NULL,
    hash bytea NOT NULL DEFAULT '\x'
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_cost_delay = 0);

-- What the publisher heard as seen, by the follower's own name: for programs without a disk and for
-- seeing lag. seen_at: ms UTC. Written at most once a second, all changed ones in one statement.
CREATE TABLE follower (
    feed text NOT NULL,
    identity text NOT NULL,
    name text NOT NULL,
    seen int8 NOT NULL,
    seen_at int8 NOT NULL,
    PRIMARY KEY (feed, identity, name)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

-- Messages that the database refused (SQLSTATE classes 22 and 23), and later events of the same
-- object parked behind them, in order. Of a command: principal and request; of an event: feed and
-- seq. cause: the message's bytes. retried_at: ms UTC of the try that went through, null: open.
CREATE TABLE dead_letter (
    id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at int8 NOT NULL,
    feed text NOT NULL DEFAULT '',
    seq int8 NOT NULL DEFAULT 0,
    object int8 NOT NULL DEFAULT 0,
    principal text NOT NULL DEFAULT '',
    request uuid,
    cause bytea NOT NULL,
    sqlstate text NOT NULL DEFAULT '',
    why text NOT NULL DEFAULT '',
    retried_at int8
);
