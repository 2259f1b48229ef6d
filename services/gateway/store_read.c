// SPDX-License-Identifier: Apache-2.0
// Reading the published views. See store_read.h.
#include "gateway/store_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "gateway/store_public.h"

#define IN_HAND 256
#define PARAMS_MAX 9

#define NEVER "9223372036854775807"
// $1 the asker's party, $2 it is a community, $3 the district's, $4 now. Numbers: enum read_board.
// A whistle or task may stand on several boards. mine: whose word it waits for on the raising side.
#define MINE "(w.street = $1::int4 OR $1 = ANY (w.joint) OR w.unit = $1 AND NOT $2::bool)"
#define WHISTLE_COLUMNS                                                                     \
    "w.title, w.category, w.priority, w.unit, w.street, w.place, w.state, w.submitted_at, " \
    "w.drill"
#define OPEN_WHISTLES \
    "(SELECT * FROM dispatch.v_whistle x WHERE x.open AND x.state < 11 OFFSET 0) w"
#define OF_WHISTLES                                                                                \
    "SELECT v.board, w.id, 0 AS body, v.due, 0::int2 AS task_state, 0::int2 AS "                   \
    "escalation, " WHISTLE_COLUMNS " FROM " OPEN_WHISTLES " CROSS JOIN LATERAL (VALUES "           \
    "(1, (w.state = 1 OR w.flags & 6 = 2 AND w.state >= 7) AND w.street = $1, w.due_review), "     \
    "(2, w.state = 10 AND " MINE ", w.due_confirm), (3, w.state = 5 AND " MINE ", w.held_until), " \
    "(14, w.state <> 6, w.due_resolve), (15, w.state = 2 AND w.unit = $1, NULL::int8)) "           \
    "v(board, yes, due) WHERE v.yes"
#define TASK_COLUMNS "t.whistle, t.body, v.due, t.state, t.escalation, " WHISTLE_COLUMNS
#define ITS_WHISTLE \
    "CROSS JOIN LATERAL (SELECT * FROM dispatch.v_whistle x WHERE x.id = t.whistle OFFSET 0) w "
#define OWN_TASKS                                                                                 \
    "SELECT v.board, " TASK_COLUMNS " FROM (SELECT * FROM dispatch.v_task x WHERE x.open "        \
    "AND x.body = $1 OFFSET 0) t " ITS_WHISTLE "CROSS JOIN LATERAL (VALUES "                      \
    "(4, t.state IN (1, 2), t.due_sign), (5, t.state = 3, t.due_checkin), "                       \
    "(6, t.state IN (4, 5), coalesce(t.due_report, t.due_resolve)), "                             \
    "(7, t.state = 8, t.due_resolve), (13, t.due_next < $4::int8 AND NOT $3::bool, t.due_next)) " \
    "v(board, yes, due) WHERE v.yes"
#define THEIR_TASKS                                                                      \
    "SELECT v.board, " TASK_COLUMNS " FROM " OPEN_WHISTLES " CROSS JOIN LATERAL "        \
    "(SELECT * FROM dispatch.v_task x WHERE x.whistle = w.id AND x.open OFFSET 0) t "    \
    "CROSS JOIN LATERAL (VALUES (9, t.flags & 64 <> 0, t.due_resolve), "                 \
    "(10, t.flags & 128 <> 0, t.due_resolve), "                                          \
    "(13, t.due_next < $4 AND t.body <> $1 AND NOT $3, t.due_next)) v(board, yes, due) " \
    "WHERE v.yes AND (" MINE " OR v.board = 13 AND $2 AND w.unit = $1)"
#define DISTRICTS_TASKS                                                                    \
    "SELECT v.board, " TASK_COLUMNS " FROM (SELECT * FROM dispatch.v_task x WHERE x.open " \
    "AND $3 OFFSET 0) t " ITS_WHISTLE "CROSS JOIN LATERAL (VALUES "                        \
    "(8, t.state = 6, t.due_ruling), (11, t.flags & 16 <> 0, t.due_next), "                \
    "(12, t.escalation >= 3, t.due_next), (13, t.due_next < $4, t.due_next)) "             \
    "v(board, yes, due) WHERE v.yes"
#define ITEMS \
    OF_WHISTLES " UNION ALL " OWN_TASKS " UNION ALL " THEIR_TASKS " UNION ALL " DISTRICTS_TASKS

const char *const read_sql[READ_STATEMENTS + 1] = {
    [READ_VERSION] = "SELECT max(version) FROM dispatch.v_district",
    [READ_VERSIONS] =
        "SELECT version, adopted_at FROM dispatch.v_district ORDER BY version DESC LIMIT 1000",
    [READ_COUNTS] = "SELECT board, count(*) FROM (" ITEMS ") i GROUP BY board",
    [READ_BOARD] = "SELECT id, body, coalesce(due, " NEVER "), title, category, priority, unit, "
                   "street, place, state, task_state, escalation, submitted_at, drill FROM (" ITEMS
                   ") i WHERE board = $5::int4 AND (coalesce(due, " NEVER "), id, body) > "
                   "($6::int8, $7::int8, $8::int4) ORDER BY coalesce(due, " NEVER "), id, body "
                   "LIMIT $9::int4",
    [READ_MAP] = "SELECT id, title, category, priority, state, unit, place, due_resolve, lat_e6, "
                 "lon_e6, drill FROM dispatch.v_whistle WHERE open AND state < 11 AND state <> 6 "
                 "ORDER BY id DESC LIMIT $1::int4",
    [READ_PUBLIC] = STORE_PUBLIC,
    [READ_PUBLIC_IDS] = STORE_BY_IDS("v_public"),
    [READ_REPORTED] = STORE_BY_IDS("v_reported"),
    [READ_CARDS] = STORE_CARDS,
    [READ_ALL] = STORE_ALL,
    [READ_ALL_IDS] = STORE_ALL_BY_IDS,
    // The settings end with the transaction.
    [READ_STATEMENTS] = "SELECT set_config('whistle.everything', $1::text, true), "
                        "set_config('whistle.party', $2::text, true), "
                        "set_config('whistle.parties', $3::text, true)",
};

size_t read_params(enum read_statement statement)
{
    static const size_t n[READ_STATEMENTS] = {[READ_COUNTS] = READ_ASKER,
                                              [READ_BOARD] = READ_ASKER + 5,
                                              [READ_MAP] = 1,
                                              [READ_PUBLIC] = 7,
                                              [READ_PUBLIC_IDS] = 1,
                                              [READ_REPORTED] = 1,
                                              [READ_CARDS] = 1,
                                              [READ_ALL] = 8,
                                              [READ_ALL_IDS] = 1};
    return n[statement];
}

struct reads {
    struct wh_db *db;
    size_t in_hand;
};

struct reading {
    struct reads *reads;
    read_fn fn;
    void *arg;
};

static void on_lost(void *arg, struct wh_db *db, const char *why)
{
    (void)arg;
    (void)db;
    (void)why; // it connects again by itself; until then reads are refused
}

int reads_open(uv_loop_t *loop, const char *conninfo, const char *name, struct reads **ret_reads)
{
    struct reads *reads = calloc(1, sizeof *reads);
    if (reads == NULL)
        return WH_E_NOMEM;
    const struct wh_db_options options = {
        .conninfo = conninfo,
        .schema = "gateway",
        .settings = "-c default_transaction_read_only=on -c statement_timeout=5000 "
                    "-c enable_seqscan=off -c jit=off",
        .application = name,
        .sql = read_sql,
        .n_sql = READ_STATEMENTS + 1,
        .on_lost = on_lost,
        .arg = reads,
    };
    int status = wh_db_open(loop, &options, &reads->db);
    if (status != 0) {
        free(reads);
        return status;
    }
    *ret_reads = reads;
    return 0;
}

void reads_close(struct reads *reads)
{
    if (reads == NULL)
        return;
    wh_db_close(reads->db);
    free(reads);
}

bool reads_ready(const struct reads *reads)
{
    return wh_db_ready(reads->db);
}

static void on_done(void *arg, const struct wh_db_outcome *outcome)
{
    struct reading reading = *(struct reading *)arg;
    free(arg);
    reading.reads->in_hand--;
    bool good = outcome->status == 0 && outcome->n_results == 2;
    reading.fn(reading.arg, good ? 0 : outcome->status, good ? outcome->results[1] : NULL);
}

static struct wh_db_param text(const char *value)
{
    return (struct wh_db_param){.data = value, .n = (int)strlen(value)};
}

// "{1,2,3}", malloced.
static char *array_of(const struct read_who *who)
{
    char *list = malloc(who->n_parties * 12 + 3), *at = list;
    if (list == NULL)
        return NULL;
    *at++ = '{';
    for (size_t i = 0; i < who->n_parties; i++)
        at += sprintf(at, "%s%d", i == 0 ? "" : ",", who->parties[i]);
    *at++ = '}';
    *at = '\0';
    return list;
}

static int run(struct reads *reads, enum read_statement statement, const struct read_who *who,
               const char *const *params, struct reading *reading)
{
    char party[16];
    char *parties = array_of(who);
    struct wh_db_param own[PARAMS_MAX], says[3];
    size_t n = read_params(statement);
    if (parties == NULL)
        return WH_E_NOMEM;
    (void)snprintf(party, sizeof party, "%d", who->party);
    says[0] = text(who->everything ? "on" : "off");
    says[1] = text(who->party != 0 ? party : "");
    says[2] = text(parties);
    for (size_t i = 0; i < n; i++)
        own[i] = text(params[i]);
    const struct wh_db_step steps[] = {{READ_STATEMENTS, says, 3}, {statement, own, n}};
    int status = wh_db_run(reads->db, steps, 2, on_done, reading);
    free(parties);
    return status;
}

int reads_run(struct reads *reads, enum read_statement statement, const struct read_who *who,
              const char *const *params, read_fn fn, void *arg)
{
    if (reads->in_hand >= IN_HAND)
        return WH_E_BUSY;
    struct reading *reading = malloc(sizeof *reading);
    if (reading == NULL)
        return WH_E_NOMEM;
    *reading = (struct reading){reads, fn, arg};
    int status = run(reads, statement, who, params, reading);
    if (status != 0)
        free(reading);
    else
        reads->in_hand++;
    return status;
}
