-- SPDX-License-Identifier: Apache-2.0
-- keeps: 1
-- When an Idempotency-Key was first seen, where it does not say so itself (UUIDv7). hash: keyed hash of
-- who and key. at: ms UTC. Rows go after 31 days.
CREATE TABLE request_key (
    hash bytea PRIMARY KEY,
    at int8 NOT NULL
) WITH (autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_insert_threshold = 500000);
CREATE INDEX request_key_at ON request_key (at);
