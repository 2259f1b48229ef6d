// SPDX-License-Identifier: Apache-2.0
// SQL and nothing else. A turn may change one row several times: its last one holds (n says the
// order). Every way in goes through a key: LATERAL with OFFSET 0, so that a plan made on an empty
// table stays right on a full one.
#include "dedup/store.h"

#define REPORT_COLUMNS                                                                           \
    "r.id, r.at, r.told, r.seq, r.until_at, r.resolved_at, r.asks, r.raised, r.unit, r.street, " \
    "r.stage, r.moved, r.priority, r.flags, r.danger, r.blob"
// The least number of the day that lies so many days before the newest whistle's: whistles carry
// their day. No clock: all parts of a rebuild speak of the same days.
#define DAY_BEFORE(days)                                                   \
    "(SELECT to_char(to_date((x.id / 10000000)::text, 'YYYYMMDD') - " days \
    ", 'YYYYMMDD')::int8 * 10000000 FROM (SELECT id FROM report ORDER BY id DESC LIMIT 1) x)"
#define HOT DAY_BEFORE("36")
// The whole matter of whatever stands in t(id): up to the roots, down to all that hangs below.
#define NEIGHBOURS                                                                             \
    "SELECT x.id FROM t CROSS JOIN LATERAL ("                                                  \
    "SELECT m.parent AS id FROM membership m WHERE m.child = t.id AND m.parted_seq = 0 UNION " \
    "ALL SELECT m.child FROM membership m WHERE m.parent = t.id AND m.parted_seq = 0 OFFSET 0) x"
#define ROWS_OF_T                                                               \
    "SELECT " REPORT_COLUMNS ", m.parent, m.seq, m.raised_from FROM t "         \
    "CROSS JOIN LATERAL (SELECT * FROM report y WHERE y.id = t.id OFFSET 0) r " \
    "LEFT JOIN LATERAL (SELECT * FROM membership y WHERE y.child = t.id "       \
    "AND y.parted_seq = 0 OFFSET 0) m ON true"

const struct wh_statement dedup_statements[PUT_STATEMENTS] = {
    [PUT_REPORT] =
        {.name = "report",
         .columns = "LLLLLLLLIISSSSZBB",
         .sql = "INSERT INTO report (id, at, told, seq, until_at, resolved_at, asks, raised, "
                "unit, street, stage, moved, priority, flags, open, danger, blob) "
                "SELECT DISTINCT ON (id) id, at, told, seq, until_at, resolved_at, asks, raised, "
                "unit, street, stage, moved, priority, flags, open, danger, blob "
                "FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], "
                "$6::int8[], $7::int8[], $8::int8[], $9::int4[], $10::int4[], $11::int2[], "
                "$12::int2[], $13::int2[], $14::int2[], $15::bool[], $16::bytea[], $17::bytea[]) "
                "WITH ORDINALITY AS t(id, at, told, seq, until_at, resolved_at, asks, raised, "
                "unit, street, stage, moved, priority, flags, open, danger, blob, n) "
                "ORDER BY id, n DESC ON CONFLICT (id) DO UPDATE SET at = excluded.at, "
                "told = excluded.told, seq = excluded.seq, until_at = excluded.until_at, "
                "resolved_at = excluded.resolved_at, asks = excluded.asks, "
                "raised = excluded.raised, unit = excluded.unit, street = excluded.street, "
                "stage = excluded.stage, moved = excluded.moved, priority = excluded.priority, "
                "flags = excluded.flags, open = excluded.open, danger = excluded.danger, "
                "blob = excluded.blob"},
    [PUT_STANDING] =
        {.name = "standing",
         .columns = "LLLLSSSSZB",
         .sql = "UPDATE report r SET until_at = u.until_at, resolved_at = u.resolved_at, "
                "raised = u.raised, stage = u.stage, moved = u.moved, priority = u.priority, "
                "flags = u.flags, open = u.open, danger = u.danger FROM (SELECT DISTINCT ON (id) "
                "* FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int2[], "
                "$6::int2[], $7::int2[], $8::int2[], $9::bool[], $10::bytea[]) WITH ORDINALITY "
                "AS t(id, until_at, resolved_at, raised, stage, moved, priority, flags, open, "
                "danger, n) ORDER BY id, n DESC) u WHERE r.id = u.id"},
    [PUT_JOIN] = {.name = "join",
                  .columns = "LLLS",
                  .sql = "INSERT INTO membership (child, seq, parent, raised_from) SELECT * FROM "
                         "unnest($1::int8[], $2::int8[], $3::int8[], $4::int2[])"},
    [PUT_PART] = {.name = "part",
                  .columns = "LLL",
                  .sql = "UPDATE membership m SET parted_seq = u.parted FROM (SELECT * FROM "
                         "unnest($1::int8[], $2::int8[], $3::int8[]) AS t(child, seq, parted)) u "
                         "WHERE m.child = u.child AND m.seq = u.seq"},
    [PUT_APART] = {.name = "apart",
                   .columns = "LLLL",
                   .sql = "INSERT INTO apart (a, b, seq, lifted_seq) SELECT DISTINCT ON (a, b) a, "
                          "b, seq, lifted_seq FROM unnest($1::int8[], $2::int8[], $3::int8[], "
                          "$4::int8[]) WITH ORDINALITY AS t(a, b, seq, lifted_seq, n) "
                          "ORDER BY a, b, n DESC ON CONFLICT (a, b) DO UPDATE SET "
                          "seq = CASE excluded.lifted_seq WHEN 0 THEN excluded.seq "
                          "ELSE apart.seq END, lifted_seq = excluded.lifted_seq"},
    [PUT_DISTRICT] = {.name = "district", .columns = "IL", .sql = wh_put_district_sql},
};

#define FACTS_OF(columns)                                                                     \
    "SELECT k.id" columns ", j.body FROM unnest($1::int8[]) AS k(id) "                        \
    "CROSS JOIN LATERAL (SELECT * FROM report x WHERE x.id = k.id AND x.seq > 0 OFFSET 0) r " \
    "CROSS JOIN LATERAL (SELECT * FROM journal x WHERE x.seq = r.seq OFFSET 0) j "            \
    "ORDER BY k.id"

const struct wh_loader dedup_loaders[LOAD_LOADERS] = {
    [LOAD_MATTER] = {.name = "matter",
                     .key = 'L',
                     .sql = "WITH RECURSIVE t(id) AS (SELECT k.id FROM unnest($1::int8[]) AS "
                            "k(id) UNION " NEIGHBOURS ") " ROWS_OF_T,
                     .row = dedup_loaded_matter,
                     .done = dedup_loaded_matters},
    [LOAD_FACTS] = {.name = "facts", .key = 'L', .sql = FACTS_OF(""), .row = dedup_loaded_facts},
};

const struct wh_select dedup_selects[SELECTS] = {
    [SELECT_FACTS] = {.name = "facts", .params = "A", .sql = FACTS_OF(", r.until_at")},
    [SELECT_REPORT] = {.name = "report",
                       .params = "L",
                       .sql = "SELECT " REPORT_COLUMNS " FROM report r WHERE r.id = $1::int8"},
    // Who is below whom is found from the root; body is null for the root.
    [SELECT_MEMBERS] =
        {.name = "members",
         .params = "L",
         .sql = "WITH RECURSIVE t(id) AS (SELECT $1::int8 UNION " NEIGHBOURS ") "
                "SELECT r.id, m.parent, r.resolved_at, r.flags, j.body, r.unit, r.street, "
                "m.raised_from FROM t "
                "CROSS JOIN LATERAL (SELECT * FROM report y WHERE y.id = t.id AND y.stage > 0 "
                "OFFSET 0) r LEFT JOIN LATERAL (SELECT * FROM membership y WHERE y.child = t.id "
                "AND y.parted_seq = 0 OFFSET 0) m ON true "
                "LEFT JOIN LATERAL (SELECT * FROM journal y WHERE y.seq = m.seq OFFSET 0) j "
                "ON true ORDER BY m.parent IS NOT NULL, r.id"},
    [SELECT_PAST] =
        {.name = "past",
         .params = "A",
         .sql = "SELECT m.child, m.parent, j.body, p.at, m.raised_from FROM unnest($1::int8[]) "
                "AS k(id) CROSS JOIN LATERAL (SELECT * FROM membership y "
                "WHERE y.parent = k.id AND y.parted_seq > 0 OFFSET 0) m "
                "CROSS JOIN LATERAL (SELECT * FROM journal y WHERE y.seq = m.seq "
                "OFFSET 0) j CROSS JOIN LATERAL (SELECT * FROM journal y "
                "WHERE y.seq = m.parted_seq OFFSET 0) p ORDER BY m.seq"},
    [SELECT_HEALTH] = {.name = "health", .params = "", .sql = wh_health_sql},
    [SELECT_DEAD_LETTERS] = {.name = "dead_letters",
                             .params = "LI",
                             .sql = "SELECT id, at, feed, seq, object, sqlstate, why "
                                    "FROM dead_letter WHERE id > $1::int8 AND retried_at IS NULL "
                                    "ORDER BY id LIMIT $2::int4"},
};

#define REPORTS_FROM(days, until)                                                              \
    {                                                                                          \
        .name = "reports_" days,                                                               \
        .sql = "SELECT " REPORT_COLUMNS " FROM report r WHERE r.id >= " DAY_BEFORE(days) until \
            " ORDER BY r.id",                                                                  \
        .row = dedup_rebuilt_report                                                            \
    }
#define REPORTS_OF(days, next) REPORTS_FROM(days, " AND r.id < " DAY_BEFORE(next))

const struct wh_loader dedup_rebuild[REBUILDS] = {
    [REBUILD_DISTRICT] = {.name = "district",
                          .sql = wh_newest_district_sql,
                          .row = dedup_rebuilt_district},
    [REBUILD_MEMBERSHIPS] = {.name = "memberships",
                             .sql = "SELECT child, parent, seq, raised_from FROM membership "
                                    "WHERE child >= " HOT " AND parted_seq = 0 ORDER BY child, seq",
                             .row = dedup_rebuilt_membership},
    // A day at a time: one whole window would hold up the loop, and its rows memory.
    [REBUILD_REPORTS + 0] = REPORTS_OF("36", "35"),
    [REBUILD_REPORTS + 1] = REPORTS_OF("35", "34"),
    [REBUILD_REPORTS + 2] = REPORTS_OF("34", "33"),
    [REBUILD_REPORTS + 3] = REPORTS_OF("33", "32"),
    [REBUILD_REPORTS + 4] = REPORTS_OF("32", "31"),
    [REBUILD_REPORTS + 5] = REPORTS_OF("31", "30"),
    [REBUILD_REPORTS + 6] = REPORTS_OF("30", "29"),
    [REBUILD_REPORTS + 7] = REPORTS_OF("29", "28"),
    [REBUILD_REPORTS + 8] = REPORTS_OF("28", "27"),
    [REBUILD_REPORTS + 9] = REPORTS_OF("27", "26"),
    [REBUILD_REPORTS + 10] = REPORTS_OF("26", "25"),
    [REBUILD_REPORTS + 11] = REPORTS_OF("25", "24"),
    [REBUILD_REPORTS + 12] = REPORTS_OF("24", "23"),
    [REBUILD_REPORTS + 13] = REPORTS_OF("23", "22"),
    [REBUILD_REPORTS + 14] = REPORTS_OF("22", "21"),
    [REBUILD_REPORTS + 15] = REPORTS_OF("21", "20"),
    [REBUILD_REPORTS + 16] = REPORTS_OF("20", "19"),
    [REBUILD_REPORTS + 17] = REPORTS_OF("19", "18"),
    [REBUILD_REPORTS + 18] = REPORTS_OF("18", "17"),
    [REBUILD_REPORTS + 19] = REPORTS_OF("17", "16"),
    [REBUILD_REPORTS + 20] = REPORTS_OF("16", "15"),
    [REBUILD_REPORTS + 21] = REPORTS_OF("15", "14"),
    [REBUILD_REPORTS + 22] = REPORTS_OF("14", "13"),
    [REBUILD_REPORTS + 23] = REPORTS_OF("13", "12"),
    [REBUILD_REPORTS + 24] = REPORTS_OF("12", "11"),
    [REBUILD_REPORTS + 25] = REPORTS_OF("11", "10"),
    [REBUILD_REPORTS + 26] = REPORTS_OF("10", "9"),
    [REBUILD_REPORTS + 27] = REPORTS_OF("9", "8"),
    [REBUILD_REPORTS + 28] = REPORTS_OF("8", "7"),
    [REBUILD_REPORTS + 29] = REPORTS_OF("7", "6"),
    [REBUILD_REPORTS + 30] = REPORTS_OF("6", "5"),
    [REBUILD_REPORTS + 31] = REPORTS_OF("5", "4"),
    [REBUILD_REPORTS + 32] = REPORTS_OF("4", "3"),
    [REBUILD_REPORTS + 33] = REPORTS_OF("3", "2"),
    [REBUILD_REPORTS + 34] = REPORTS_OF("2", "1"),
    [REBUILD_REPORTS + 35] = REPORTS_OF("1", "0"),
    [REBUILD_REPORTS + 36] = REPORTS_FROM("0", ""),
    // Seeds: what is open, and what hangs together with a hot one.
    [REBUILD_OLDER] =
        {.name = "older",
         .sql = "WITH RECURSIVE t(id) AS ((SELECT id FROM report WHERE open AND id < " HOT
                " UNION SELECT parent FROM membership WHERE child >= " HOT
                " AND parted_seq = 0 AND parent < " HOT
                " UNION SELECT child FROM membership WHERE parent >= " HOT
                " AND parted_seq = 0 AND child < " HOT ") UNION " NEIGHBOURS ") " ROWS_OF_T
                " WHERE t.id < " HOT " ORDER BY t.id",
         .row = dedup_rebuilt_older},
    [REBUILD_APART] = {.name = "apart",
                       .sql = "SELECT a, b FROM apart WHERE lifted_seq = 0 ORDER BY a, b",
                       .row = dedup_rebuilt_apart},
};
