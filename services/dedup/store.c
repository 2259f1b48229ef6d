// SPDX-License-Identifier: Apache-2.0
// SQL and nothing else.
#include "dedup/store.h"

const struct wh_statement dedup_statements[PUT_STATEMENTS] = {
    [PUT_REPORT] = {.name = "report",
                    .columns = "LLLLLLLIISSSSZBB",
                    .sql = "INSERT INTO report (id, at, told, seq, until_at, resolved_at, asks, "
                           "unit, street, stage, moved, priority, flags, open, danger, blob) "
                           "SELECT * FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], "
                           "$5::int8[], $6::int8[], $7::int8[], $8::int4[], $9::int4[], "
                           "$10::int2[], $11::int2[], $12::int2[], $13::int2[], $14::bool[], "
                           "$15::bytea[], $16::bytea[])"},
    [PUT_DISTRICT] = {.name = "district",
                      .columns = "IL",
                      .sql = "INSERT INTO district (version, seq) "
                             "SELECT * FROM unnest($1::int4[], $2::int8[])"},
};

const struct wh_loader dedup_loaders[LOAD_LOADERS] = {
    [LOAD_REPORT] = {.name = "report",
                     .key = 'L',
                     .sql = "SELECT id, told FROM report WHERE id = ANY($1::int8[])",
                     .row = dedup_loaded_report},
};

const struct wh_select dedup_selects[SELECTS] = {
    [SELECT_HEALTH] = {.name = "health", .params = "", .sql = wh_health_sql},
    [SELECT_DEAD_LETTERS] = {.name = "dead_letters",
                             .params = "LI",
                             .sql = "SELECT id, at, feed, seq, object, sqlstate, why "
                                    "FROM dead_letter WHERE id > $1::int8 AND retried_at IS NULL "
                                    "ORDER BY id LIMIT $2::int4"},
};

const struct wh_loader dedup_rebuild[REBUILDS] = {
    [REBUILD_DISTRICT] = {.name = "district",
                          .sql = "SELECT j.body FROM (SELECT seq FROM district "
                                 "ORDER BY version DESC LIMIT 1) d CROSS JOIN LATERAL "
                                 "(SELECT * FROM journal x WHERE x.seq = d.seq OFFSET 0) j",
                          .row = dedup_rebuilt_district},
};
