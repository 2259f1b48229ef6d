-- SPDX-License-Identifier: Apache-2.0
-- What intake remembers beside its journal: where a whistle's events stand there, the review clock,
-- the codes' integers, and the wrapped keys of persons. No text of a whistle is copied here.

-- id: the whistle's number, yyyymmdd * 10^7 + n. seq: the journal row that raised it; later: those
-- that changed it, in order (null for most). state: whistle.v1.WhistleState as intake knows it.
-- due_review: ms UTC while the street's review clock runs, else 0. The partial index serves only the
-- rebuilding of timers after a start; a whistle that goes out at once never enters it.
CREATE TABLE whistle (
    id int8 PRIMARY KEY,
    seq int8 NOT NULL,
    due_review int8 NOT NULL,
    state int2 NOT NULL,
    later int8[]
) WITH (fillfactor = 80, autovacuum_vacuum_insert_threshold = 200000,
        autovacuum_vacuum_insert_scale_factor = 0.1);
CREATE INDEX whistle_waiting ON whistle (id) WHERE due_review > 0;

-- Adopted versions and the journal rows that hold them.
CREATE TABLE district (
    version int4 PRIMARY KEY,
    seq int8 NOT NULL
);

-- Every code that was ever adopted and its integer, for ever.
CREATE TABLE code (
    code text PRIMARY KEY,
    id int4 NOT NULL UNIQUE CHECK (id >= 16)
);

-- A person's own key, wrapped by the vault key, which is never in the database. hash: keyed hash of
-- the telephone number, null where only a text is sealed. Deleting the row erases the person.
CREATE TABLE person (
    id int8 PRIMARY KEY,
    hash bytea UNIQUE CHECK (octet_length(hash) = 32),
    wrapped bytea NOT NULL
);
