-- SPDX-License-Identifier: Apache-2.0
-- What the gateway remembers beside its journal: people, their posts and sessions, keys of programs,
-- ended links, webhooks. Its state is the fold of its journal; only what hashes to a secret, and where
-- a session came from, stand in these tables alone. Times: ms UTC, 0 where open.

-- hash: argon2id string of libsodium. temporary: chosen by another one. Never deleted.
CREATE TABLE person (
    code text PRIMARY KEY,
    login text NOT NULL UNIQUE,
    name text NOT NULL,
    hash text NOT NULL,
    temporary boolean NOT NULL,
    added_at int8 NOT NULL,
    ended_at int8 NOT NULL
) WITH (fillfactor = 80);

-- Who may act as whom, with which role. standing_in_for: the person whose deputy this is, else empty.
CREATE TABLE post (
    person text NOT NULL,
    identity text NOT NULL,
    role text NOT NULL,
    from_at int8 NOT NULL,
    until_at int8 NOT NULL,
    standing_in_for text NOT NULL,
    PRIMARY KEY (person, identity, role)
) WITH (fillfactor = 80);

-- id: seq of the event that opened it. hash: BLAKE2b of the token. Rows go when it has ended.
CREATE TABLE session (
    id int8 PRIMARY KEY,
    hash bytea NOT NULL,
    person text NOT NULL,
    identity text NOT NULL,
    role text NOT NULL,
    started_at int8 NOT NULL,
    used_at int8 NOT NULL,
    address text NOT NULL,
    agent text NOT NULL
) WITH (fillfactor = 70);

-- hash: BLAKE2b of the whole key. scopes: bits, services/gateway/role.h. Never deleted.
CREATE TABLE api_key (
    prefix text PRIMARY KEY,
    hash bytea NOT NULL,
    identity text NOT NULL,
    scopes int4 NOT NULL,
    name text NOT NULL,
    added_at int8 NOT NULL,
    expires_at int8 NOT NULL,
    used_at int8 NOT NULL,
    ended_at int8 NOT NULL
) WITH (fillfactor = 70);

-- Links of a task that were made until until_at are void.
CREATE TABLE link_end (
    task text PRIMARY KEY,
    until_at int8 NOT NULL
);

-- id: seq of the event that added it. secret: sealed with the gateway's own key. seq: how far of
-- dispatch's feed it has been told. Never deleted.
CREATE TABLE webhook (
    id int8 PRIMARY KEY,
    identity text NOT NULL,
    url text NOT NULL,
    kinds text NOT NULL,
    secret bytea NOT NULL,
    name text NOT NULL,
    seq int8 NOT NULL,
    failing_since int8 NOT NULL,
    added_at int8 NOT NULL,
    ended_at int8 NOT NULL
) WITH (fillfactor = 70);

-- What a webhook could not be told. redriven_at: it was tried again and taken.
CREATE TABLE webhook_letter (
    webhook int8 NOT NULL,
    seq int8 NOT NULL,
    at int8 NOT NULL,
    why text NOT NULL,
    redriven_at int8 NOT NULL,
    PRIMARY KEY (webhook, seq)
);
