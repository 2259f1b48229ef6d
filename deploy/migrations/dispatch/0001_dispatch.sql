-- SPDX-License-Identifier: Apache-2.0
-- Dispatch's tables: its state as the fold of its journal left it, in columns that SQL can read.
-- Times: ms UTC. Parties (units and bodies): their interned integers. Enums: the numbers of
-- proto/whistle/v1. Null stands for "none" (0 in memory), so that a fresh row stays short.
-- Texts live in the journal only; a whistle's title and category stand here for lists and notices.

-- id: the whistle's number, yyyymmdd * 10^7 + n. stage: what is not derived from its tasks; state:
-- what everybody sees. open: it still has something to wait for (a timer, an answer); the only index
-- beside the key is over these. history: seqs of its journal rows. confirm_clock: how far the
-- street's own clock went (12 bytes, see store.c). proposer: hash of who proposed to rule it closed.
CREATE TABLE whistle (
    id int8 PRIMARY KEY,
    submitted_at int8 NOT NULL,
    dispatched_at int8,
    due_review int8,
    due_resolve int8,
    due_confirm int8,
    next_timer int8,
    resolved_at int8,
    ended_at int8,
    proposer int8,
    version int4 NOT NULL,
    unit int4,
    street int4,
    place int4,
    asked_by int4,
    routing_version int4,
    reopened int4,
    priority int2 NOT NULL,
    source int2 NOT NULL,
    flags int2 NOT NULL DEFAULT 0,
    stage int2 NOT NULL,
    state int2 NOT NULL,
    confirmed int2,
    open boolean NOT NULL DEFAULT true,
    drill boolean NOT NULL DEFAULT false,
    proposer_is_district boolean,
    times_set text NOT NULL,
    category text NOT NULL,
    title text NOT NULL,
    joint int4[],
    confirm_clock bytea,
    history int8[] NOT NULL
) WITH (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_insert_threshold = 500000, autovacuum_analyze_threshold = 50000);
CREATE INDEX whistle_open ON whistle (id) WHERE open;

-- One department's duty. seq: the journal row that assigned it; ord: its place in the aggregate.
-- open: lives and is not confirmed, and its whistle has not ended. told: a notice about it was sent.
-- due_next: the earliest due time of a clock that runs. escalation: 0 to 4. clocks: beginnings,
-- rounds, levels and reminders, null as long as they are as dispatched (see store.c).
CREATE TABLE task (
    whistle int8 NOT NULL,
    seq int8 NOT NULL,
    dispatched_at int8 NOT NULL,
    due_sign int8,
    due_checkin int8,
    due_report int8,
    due_resolve int8,
    due_ruling int8,
    due_ledger int8,
    due_next int8,
    signed_at int8,
    checked_in_at int8,
    feedback_at int8,
    reported_at int8,
    paused_ms int8,
    asked_until int8,
    extended_until int8,
    ledger_from int8,
    ledger_left int8,
    body int4 NOT NULL,
    alternative int4,
    ord int2 NOT NULL,
    part int2 NOT NULL,
    state int2 NOT NULL DEFAULT 1,
    outcome int2,
    rating int2,
    rework int2,
    flags int2 NOT NULL DEFAULT 0,
    escalation int2 NOT NULL DEFAULT 0,
    open boolean NOT NULL DEFAULT true,
    told boolean NOT NULL DEFAULT false,
    clocks bytea,
    PRIMARY KEY (whistle, body)
) WITH (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_insert_threshold = 500000, autovacuum_analyze_threshold = 50000);
CREATE INDEX task_open ON task (body, whistle) WHERE open;

-- Notices that wait for their receiver's desk to open, in order. seq, n: the journal row that left
-- them waiting and their place in it. body: the department the notice is about, 0 the whistle.
CREATE TABLE waiting (
    receiver int4 NOT NULL,
    seq int8 NOT NULL,
    n int2 NOT NULL,
    whistle int8 NOT NULL,
    body int4 NOT NULL,
    kind int2 NOT NULL,
    until int8 NOT NULL,
    PRIMARY KEY (receiver, seq, n)
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05);

-- Where a bundle's notices stand in the journal, by their id; a whistle's own are found by its
-- history. answered: its sender said sent or failed.
CREATE TABLE bundle (
    id text COLLATE "C" PRIMARY KEY,
    seq int8 NOT NULL,
    answered boolean NOT NULL DEFAULT false
) WITH (fillfactor = 90);

-- Every adopted version of the district and the journal row that holds it.
CREATE TABLE district (
    version int4 PRIMARY KEY,
    seq int8 NOT NULL
);
