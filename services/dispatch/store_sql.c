// SPDX-License-Identifier: Apache-2.0
// The statements themselves. A turn may change one object several times: an UPDATE takes the last
// row of each (n says the order) and all of its journal rows. Every way in goes through a key:
// reads are LATERAL with OFFSET 0, so that a plan made on an empty table stays right on a full one.
#include "dispatch/store.h"

// Rows of a whistle with its tasks, read by store_row.c.
#define WHISTLE_COLUMNS                                                                    \
    "w.id, w.submitted_at, w.dispatched_at, w.due_review, w.due_confirm, w.resolved_at, "  \
    "w.ended_at, w.proposer, w.version, w.unit, w.street, w.place, w.asked_by, "           \
    "w.routing_version, w.reopened, w.priority, w.source, w.flags, w.stage, w.confirmed, " \
    "w.proposer_is_district, w.times_set, w.category, w.title, w.joint, w.confirm_clock, " \
    "w.merged_into, w.joined_at, w.held_until, w.tell_at, w.told_at, w.untold, w.joined_stage"
#define TASK_COLUMNS                                                                              \
    "t.body, t.ord, t.seq, t.told, t.dispatched_at, t.due_sign, t.due_checkin, t.due_report, "    \
    "t.due_resolve, t.due_ruling, t.due_ledger, t.signed_at, t.checked_in_at, t.feedback_at, "    \
    "t.reported_at, t.paused_ms, t.asked_until, t.extended_until, t.ledger_from, t.ledger_left, " \
    "t.ledger_until, t.alternative, t.part, t.state, t.outcome, t.rating, t.rework, t.flags, "    \
    "t.clocks"
#define GATHER                                                                              \
    "SELECT " WHISTLE_COLUMNS ", " TASK_COLUMNS ", count(t.body) OVER (PARTITION BY w.id) " \
    "FROM unnest($1::int8[]) AS k(id) "                                                     \
    "CROSS JOIN LATERAL (SELECT * FROM whistle x WHERE x.id = k.id OFFSET 0) w "            \
    "LEFT JOIN LATERAL (SELECT * FROM task x WHERE x.whistle = w.id OFFSET 0) t ON true "   \
    "ORDER BY w.id, t.ord"

#define JOURNAL_OF(columns)                                                                    \
    "SELECT w.id, " columns " FROM unnest($1::int8[]) AS k(id) "                               \
    "CROSS JOIN LATERAL (SELECT x.id, x.history FROM whistle x WHERE x.id = k.id OFFSET 0) w " \
    "CROSS JOIN LATERAL (SELECT * FROM journal x WHERE x.seq = ANY (w.history) OFFSET 0) j "   \
    "ORDER BY w.id, j.seq"

// Everything that is joined to ids $1, directly or through others: d(root, id).
#define FAMILY                                                                               \
    "WITH RECURSIVE d(root, id) AS (SELECT k.id, c.id FROM unnest($1::int8[]) AS k(id) "     \
    "CROSS JOIN LATERAL (SELECT x.id FROM whistle x WHERE x.merged_into = k.id OFFSET 0) c " \
    "UNION SELECT d.root, c.id FROM d "                                                      \
    "CROSS JOIN LATERAL (SELECT x.id FROM whistle x WHERE x.merged_into = d.id OFFSET 0) c) "

const struct wh_statement store_statements[PUT_STATEMENTS] = {
    [PUT_WHISTLE_NEW] =
        {"whistle_new", "LLILLLLLIIIIIISSSSSTTTA",
         "INSERT INTO whistle ("
         "id, history, submitted_at, dispatched_at, due_review, due_resolve, next_timer, "
         "version, unit, street, place, asked_by, routing_version, priority, source, flags, "
         "drill, stage, state, times_set, category, title, joint) "
         "SELECT id, CASE events WHEN 1 THEN ARRAY[seq] WHEN 2 THEN ARRAY[seq, seq + 1] ELSE "
         "ARRAY(SELECT "
         "generate_series(seq, seq + events - 1)) END, "
         "submitted_at, dispatched_at, due_review, due_resolve, next_timer, version, unit, "
         "street, place, asked_by, routing_version, priority, source, flags, "
         "flags & 1 <> 0, stage, state, times_set, category, title, joint::int4[] "
         "FROM (SELECT unnest($1::int8[]) AS id, unnest($2::int8[]) AS seq, "
         "unnest($3::int4[]) AS events, unnest($4::int8[]) AS submitted_at, "
         "unnest($5::int8[]) AS dispatched_at, unnest($6::int8[]) AS due_review, "
         "unnest($7::int8[]) AS due_resolve, unnest($8::int8[]) AS next_timer, "
         "unnest($9::int4[]) AS version, unnest($10::int4[]) AS unit, "
         "unnest($11::int4[]) AS street, unnest($12::int4[]) AS place, "
         "unnest($13::int4[]) AS asked_by, unnest($14::int4[]) AS routing_version, "
         "unnest($15::int2[]) AS priority, unnest($16::int2[]) AS source, "
         "unnest($17::int2[]) AS flags, unnest($18::int2[]) AS stage, "
         "unnest($19::int2[]) AS state, unnest($20::text[]) AS times_set, "
         "unnest($21::text[]) AS category, unnest($22::text[]) AS title, "
         "unnest($23::text[]) AS joint) t"},
    [PUT_POINT] = {"point", "LII",
                   "INSERT INTO point AS p (whistle, lat_e6, lon_e6) "
                   "SELECT DISTINCT ON (whistle) whistle, lat, lon FROM "
                   "unnest($1::int8[], $2::int4[], $3::int4[]) WITH ORDINALITY "
                   "AS t(whistle, lat, lon, n) ORDER BY whistle, n DESC "
                   "ON CONFLICT (whistle) DO UPDATE SET lat_e6 = excluded.lat_e6, "
                   "lon_e6 = excluded.lon_e6 WHERE (p.lat_e6, p.lon_e6) <> "
                   "(excluded.lat_e6, excluded.lon_e6)"},
    [PUT_TASK_NEW] =
        {"task_new", "LILSSLLLLLL",
         "INSERT INTO task (whistle, body, seq, ord, part, dispatched_at, due_sign, due_checkin, "
         "due_report, due_resolve, due_next) "
         "SELECT unnest($1::int8[]), unnest($2::int4[]), unnest($3::int8[]), unnest($4::int2[]), "
         "unnest($5::int2[]), unnest($6::int8[]), unnest($7::int8[]), unnest($8::int8[]), "
         "unnest($9::int8[]), unnest($10::int8[]), unnest($11::int8[])"},
    [PUT_WHISTLE] =
        {"whistle_set", "LLILLLLLLLLLIIIIIIISSSSSSZZTTTAB",
         "WITH t AS (SELECT * FROM unnest($1::int8[], $2::int8[], $3::int4[], $4::int8[], "
         "$5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[], $10::int8[], $11::int8[], "
         "$12::int8[], $13::int4[], $14::int4[], $15::int4[], $16::int4[], $17::int4[], "
         "$18::int4[], $19::int4[], $20::int2[], $21::int2[], $22::int2[], $23::int2[], "
         "$24::int2[], $25::int2[], $26::bool[], $27::bool[], $28::text[], $29::text[], "
         "$30::text[], $31::text[], $32::bytea[]) WITH ORDINALITY "
         "AS t(id, seq, events, submitted_at, dispatched_at, due_review, due_resolve, due_confirm, "
         "next_timer, resolved_at, ended_at, proposer, version, unit, street, place, asked_by, "
         "routing_version, reopened, priority, source, flags, stage, state, confirmed, open, "
         "proposer_is_district, times_set, category, title, joint, confirm_clock, n)), "
         "h AS (SELECT id, array_agg(s ORDER BY s) AS seqs "
         "FROM t, generate_series(t.seq, t.seq + t.events - 1) AS s GROUP BY id), "
         "u AS (SELECT DISTINCT ON (t.id) t.*, h.seqs FROM t LEFT JOIN h USING (id) "
         "ORDER BY t.id, t.n DESC) "
         "UPDATE whistle w SET submitted_at = u.submitted_at, dispatched_at = u.dispatched_at, "
         "due_review = u.due_review, due_resolve = u.due_resolve, due_confirm = u.due_confirm, "
         "next_timer = u.next_timer, resolved_at = u.resolved_at, ended_at = u.ended_at, "
         "proposer = u.proposer, version = u.version, unit = u.unit, street = u.street, "
         "place = u.place, asked_by = u.asked_by, routing_version = u.routing_version, "
         "reopened = u.reopened, priority = u.priority, source = u.source, flags = u.flags, "
         "drill = u.flags & 1 <> 0, stage = u.stage, state = u.state, confirmed = u.confirmed, "
         "open = u.open, proposer_is_district = u.proposer_is_district, "
         "times_set = u.times_set, category = u.category, title = u.title, "
         "joint = u.joint::int4[], confirm_clock = u.confirm_clock, "
         "history = w.history || coalesce(u.seqs, '{}') FROM u WHERE w.id = u.id"},
    [PUT_JOINED] =
        {"joined", "LLLLLLIS",
         "UPDATE whistle w SET merged_into = u.merged_into, joined_at = u.joined_at, "
         "held_until = u.held_until, tell_at = u.tell_at, told_at = u.told_at, "
         "untold = u.untold, joined_stage = u.joined_stage FROM (SELECT DISTINCT ON (id) * FROM "
         "unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], "
         "$7::int4[], $8::int2[]) WITH ORDINALITY AS t(id, merged_into, joined_at, held_until, "
         "tell_at, told_at, untold, joined_stage, n) ORDER BY id, n DESC) u WHERE w.id = u.id"},
    [PUT_TASK] =
        {"task_set", "LILLLLLLLLLLLLLLLLLLISSSSSSSZB",
         "WITH t AS (SELECT * FROM unnest($1::int8[], $2::int4[], $3::int8[], $4::int8[], "
         "$5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[], $10::int8[], $11::int8[], "
         "$12::int8[], $13::int8[], $14::int8[], $15::int8[], $16::int8[], $17::int8[], "
         "$18::int8[], $19::int8[], $20::int8[], $21::int4[], $22::int2[], $23::int2[], "
         "$24::int2[], $25::int2[], $26::int2[], $27::int2[], $28::int2[], $29::bool[], "
         "$30::bytea[]) "
         "WITH ORDINALITY AS t(whistle, body, dispatched_at, due_sign, due_checkin, due_report, "
         "due_resolve, due_ruling, due_ledger, due_next, signed_at, checked_in_at, feedback_at, "
         "reported_at, paused_ms, asked_until, extended_until, ledger_from, ledger_left, "
         "ledger_until, alternative, part, state, outcome, rating, rework, flags, escalation, "
         "open, clocks, n)), "
         "u AS (SELECT DISTINCT ON (whistle, body) * FROM t ORDER BY whistle, body, n DESC) "
         "UPDATE task x SET dispatched_at = u.dispatched_at, due_sign = u.due_sign, "
         "due_checkin = u.due_checkin, due_report = u.due_report, due_resolve = u.due_resolve, "
         "due_ruling = u.due_ruling, due_ledger = u.due_ledger, due_next = u.due_next, "
         "signed_at = u.signed_at, checked_in_at = u.checked_in_at, feedback_at = u.feedback_at, "
         "reported_at = u.reported_at, paused_ms = u.paused_ms, asked_until = u.asked_until, "
         "extended_until = u.extended_until, ledger_from = u.ledger_from, "
         "ledger_left = u.ledger_left, ledger_until = u.ledger_until, alternative = u.alternative, "
         "part = u.part, "
         "state = u.state, outcome = u.outcome, rating = u.rating, rework = u.rework, "
         "flags = u.flags, escalation = u.escalation, open = u.open, clocks = u.clocks "
         "FROM u WHERE x.whistle = u.whistle AND x.body = u.body"},
    [PUT_HISTORY] =
        {"history", "LL",
         "UPDATE whistle w SET history = w.history || u.seqs FROM (SELECT id, "
         "array_agg(seq ORDER BY seq) AS seqs FROM unnest($1::int8[], $2::int8[]) AS t(id, seq) "
         "GROUP BY id) u WHERE w.id = u.id"},
    [PUT_TOLD] = {"told", "LI",
                  "UPDATE task x SET told = true FROM (SELECT DISTINCT whistle, body "
                  "FROM unnest($1::int8[], $2::int4[]) AS t(whistle, body)) u "
                  "WHERE x.whistle = u.whistle AND x.body = u.body AND NOT x.told"},
    [PUT_WAITING] =
        {"waiting", "ILSLISL",
         "INSERT INTO waiting (receiver, seq, n, whistle, body, kind, until) "
         "SELECT * FROM unnest($1::int4[], $2::int8[], $3::int2[], $4::int8[], $5::int4[], "
         "$6::int2[], $7::int8[])"},
    [PUT_RELEASED] =
        {"released", "IL",
         "DELETE FROM waiting x USING unnest($1::int4[], $2::int8[]) AS t(receiver, seq) "
         "WHERE x.receiver = t.receiver AND x.seq <= t.seq"},
    [PUT_BUNDLE] = {"bundle", "TL",
                    "INSERT INTO bundle (id, seq) SELECT * FROM unnest($1::text[], $2::int8[])"},
    [PUT_BUNDLE_ANSWERED] =
        {"bundle_answered", "T",
         "UPDATE bundle x SET answered = true FROM (SELECT DISTINCT id COLLATE \"C\" AS id "
         "FROM unnest($1::text[]) AS t(id)) u WHERE x.id = u.id"},
    [PUT_DISTRICT] = {"district", "IL", wh_put_district_sql},
    [PUT_NOTED_OLD] = {"noted_old", "L",
                       "DELETE FROM noted x USING (SELECT max(id) AS id FROM unnest($1::int8[]) "
                       "AS t(id)) u WHERE x.whistle < u.id"},
    [PUT_NOTED] = {"noted", "LILT",
                   "INSERT INTO noted (whistle, by, seq, reason) "
                   "SELECT * FROM unnest($1::int8[], $2::int4[], $3::int8[], $4::text[])"},
    [PUT_NOTED_DONE] = {"noted_done", "L",
                        "DELETE FROM noted x USING (SELECT DISTINCT id FROM unnest($1::int8[]) "
                        "AS t(id)) u WHERE x.whistle = u.id"},
};

const char store_load_whistle[] = GATHER;
// Who raised or asked for what is joined, and which departments go on with it.
#define AUDIENCE                                                                               \
    FAMILY "SELECT d.root, w.id, w.unit, w.street, w.asked_by, w.joint, "                      \
           "ARRAY(SELECT x.body FROM task x WHERE x.whistle = w.id AND x.open) "               \
           "FROM d CROSS JOIN LATERAL (SELECT * FROM whistle x WHERE x.id = d.id OFFSET 0) w " \
           "ORDER BY d.root, w.id"
const char store_load_audience[] = AUDIENCE;
// What was said in a matter: supplemented, supported, support_lost.
const char store_load_sayings[] =
    "SELECT w.id, j.body FROM unnest($1::int8[]) AS k(id) CROSS JOIN LATERAL "
    "(SELECT x.id, x.history FROM whistle x WHERE x.id = k.id OFFSET 0) w "
    "CROSS JOIN LATERAL (SELECT * FROM journal x WHERE x.seq = ANY (w.history) "
    "AND x.kind IN (23, 33, 35) OFFSET 0) j ORDER BY w.id, j.seq";
// The row that holds a whistle back, of those that are held.
const char store_load_held[] =
    "SELECT w.id, j.body FROM unnest($1::int8[]) AS k(id) CROSS JOIN LATERAL "
    "(SELECT x.id, x.history FROM whistle x WHERE x.id = k.id AND x.stage = 5 OFFSET 0) w "
    "CROSS JOIN LATERAL (SELECT * FROM journal x WHERE x.seq = ANY (w.history) AND x.kind = 31 "
    "OFFSET 0) j ORDER BY w.id, j.seq DESC";
const char store_load_notices[] = JOURNAL_OF("j.seq, j.kind, j.body");
const char store_load_bundle[] =
    "SELECT b.id, b.seq, b.answered, j.body FROM unnest($1::bytea[]) AS k(id) "
    "CROSS JOIN LATERAL (SELECT * FROM bundle x WHERE x.id = convert_from(k.id, 'UTF8') "
    "OFFSET 0) b "
    "CROSS JOIN LATERAL (SELECT * FROM journal x WHERE x.seq = b.seq OFFSET 0) j";

const char store_rebuild_highest[] = "SELECT id FROM whistle ORDER BY id DESC LIMIT 1";
const char store_rebuild_timers[] =
    "SELECT id, next_timer FROM whistle WHERE open AND next_timer IS NOT NULL ORDER BY id";
const char store_rebuild_waiting[] =
    "SELECT receiver, whistle, body, kind, until FROM waiting ORDER BY receiver, seq, n";
const char store_rebuild_noted[] =
    "SELECT whistle, by, seq, reason FROM noted ORDER BY whistle, seq";

// What a page looks through at most: a filter that nothing meets costs no more than this, and the
// cursor goes on behind it.
#define WINDOW "5000"
#define WINDOW_COLUMNS "(SELECT min(id) FROM s), (SELECT count(*) FROM s)"

// $1 before, $2 limit, $3 the caller's units, $4 its party, $5 the asked-for units, $6 category,
// $7 state; empty or 0: all. Who sees a whistle: who raised it or stands with it, in whose area it
// is, who has a task in it.
#define LIST_FILTER                                                                               \
    "WHERE ($3::int8[] = '{}' OR w.unit = ANY ($3) OR w.street = ANY ($3) OR w.place = ANY ($3) " \
    "OR w.asked_by = ANY ($3) OR w.joint && $3::int4[] "                                          \
    "OR EXISTS (SELECT FROM task x WHERE x.whistle = w.id AND x.body = $4 OFFSET 0)) "            \
    "AND ($5::int8[] = '{}' OR w.unit = ANY ($5) OR w.street = ANY ($5) OR w.place = ANY ($5)) "  \
    "AND ($6::text = '' OR w.category = $6) AND ($7::int4 = 0 OR w.state = $7) "                  \
    "ORDER BY w.id DESC LIMIT $2::int4"

#define DUE "coalesce(t.due_next, 9223372036854775807)"
#define TASKS_PAGE                                    \
    "AND ($2::int8 = 0 OR t.due_next < $2) AND (" DUE \
    ", t.whistle, t.body) > ($3::int8, $4::int8, "    \
    "$5::int4) ORDER BY " DUE ", t.whistle, t.body LIMIT $6::int4"

const struct wh_select store_selects[SELECTS] = {
    [SELECT_WHISTLES] = {"whistles", "A", GATHER},
    [SELECT_JOURNAL] = {"journal", "A", JOURNAL_OF("j.seq, j.at, j.kind, j.body, j.hash")},
    [SELECT_LIST] = {"list", "LIAIATI",
                     "WITH s AS MATERIALIZED (SELECT * FROM whistle WHERE id < $1::int8 "
                     "ORDER BY id DESC LIMIT " WINDOW ") "
                     "SELECT w.id, " WINDOW_COLUMNS " FROM (SELECT 1) o LEFT JOIN "
                     "(SELECT w.id FROM s w " LIST_FILTER ") w ON true ORDER BY w.id DESC"},
    [SELECT_LIST_OPEN] = {"list_open", "LIAIATI",
                          "WITH s AS MATERIALIZED (SELECT * FROM whistle "
                          "WHERE open AND id < $1::int8 ORDER BY id DESC LIMIT " WINDOW ") "
                          "SELECT w.id, " WINDOW_COLUMNS " FROM (SELECT 1) o LEFT JOIN "
                          "(SELECT w.id FROM (SELECT * FROM s WHERE state < 11) w " LIST_FILTER
                          ") w ON true ORDER BY w.id DESC"},
    [SELECT_TASKS_OPEN] = {"tasks_open", "ILLLII",
                           "SELECT t.whistle, t.body, " DUE " FROM task t "
                           "WHERE t.open AND t.body = $1::int4 " TASKS_PAGE},
    [SELECT_TASKS_EVERY] = {"tasks_every", "ILLLII",
                            "SELECT t.whistle, t.body, " DUE " FROM task t "
                            "WHERE t.open AND $1::int4 = 0 " TASKS_PAGE},
    [SELECT_TASKS_ALL] = {"tasks_all", "ILI",
                          "WITH s AS MATERIALIZED (SELECT id FROM whistle WHERE id < $2::int8 "
                          "ORDER BY id DESC LIMIT " WINDOW ") "
                          "SELECT t.whistle, t.body, " WINDOW_COLUMNS
                          " FROM (SELECT 1) o LEFT JOIN (SELECT t.* FROM s CROSS JOIN LATERAL "
                          "(SELECT whistle, body FROM task x WHERE x.whistle = s.id "
                          "AND ($1::int4 = 0 OR x.body = $1) OFFSET 0) t "
                          "ORDER BY t.whistle DESC, t.body LIMIT $3::int4) t ON true "
                          "ORDER BY t.whistle DESC, t.body"},
    [SELECT_COUNTS] =
        {"counts", "L",
         "SELECT (SELECT count(*) FROM whistle WHERE open AND state < 11 AND state <> 6), "
         "(SELECT count(*) FROM task WHERE open), "
         "(SELECT count(*) FROM task WHERE open AND due_next < $1::int8), "
         "(SELECT count(*) FROM dead_letter WHERE retried_at IS NULL AND feed <> ''), "
         "(SELECT count(*) FROM waiting)"},
    [SELECT_DEAD_LETTERS] = {"dead_letters", "LI",
                             "SELECT id, at, feed, seq, object, sqlstate, why FROM dead_letter "
                             "WHERE id > $1::int8 AND retried_at IS NULL "
                             "ORDER BY id LIMIT $2::int4"},
    [SELECT_HEALTH] = {"health", "", wh_health_sql},
    [SELECT_HEADS] = {"heads", "",
                      "SELECT h.epoch, h.seq, h.hash, c.seq, c.hash FROM head h "
                      "LEFT JOIN cursor c ON c.feed = 'dedup'"},
    [SELECT_SIMULATION] = {"simulation", "LLLLI",
                           "SELECT id FROM whistle WHERE id > $1::int8 AND id < $2::int8 "
                           "AND dispatched_at >= $3::int8 AND dispatched_at < $4::int8 "
                           "ORDER BY id LIMIT $5::int4"},
    [SELECT_FIGURES] =
        {"figures", "L",
         "SELECT state::int8, count(*), "
         "count(*) FILTER (WHERE due_next < $1::int8), "
         "count(*) FILTER (WHERE flags & 16 <> 0), "
         "count(*) FILTER (WHERE untold), "
         "$1::int8 - min(dispatched_at) FILTER (WHERE untold) FROM (SELECT t.*, NOT t.told AND "
         "(t.whistle, t.body) NOT IN (SELECT whistle, body FROM waiting "
         "ORDER BY receiver, seq, n OFFSET 0) AS untold "
         "FROM task t WHERE t.open) t GROUP BY state UNION ALL "
         "SELECT -1, (SELECT count(*) FROM whistle WHERE open AND state < 11 AND state <> 6), "
         "(SELECT count(*) FROM waiting), 0, 0, NULL"},
    [SELECT_AUDIENCE] = {"audience", "A", AUDIENCE},
    [SELECT_FAMILY] = {"family", "A",
                       FAMILY
                       "SELECT d.root, d.id, w.joined_at, w.stage = 6 AND "
                       "w.joined_stage = 7 AND EXISTS (SELECT FROM task x "
                       "WHERE x.whistle = d.id AND x.state <> 10 OFFSET 0) FROM d "
                       "CROSS JOIN LATERAL (SELECT * FROM whistle x WHERE x.id = d.id OFFSET 0) w "
                       "ORDER BY d.root, w.joined_at DESC, d.id DESC"},
};
