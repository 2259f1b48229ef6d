// SPDX-License-Identifier: Apache-2.0
// SQL and nothing else.
#include "intake/store.h"

const struct wh_statement store_statements[STORE_PUTS] = {
    [PUT_FORGET] = {.name = "forget",
                    .columns = "L",
                    .sql = "DELETE FROM person WHERE id = ANY($1::int8[])"},
    [PUT_PERSON] = {.name = "person",
                    .columns = "LBB",
                    .sql = "INSERT INTO person (id, hash, wrapped) "
                           "SELECT * FROM unnest($1::int8[], $2::bytea[], $3::bytea[])"},
    [PUT_WHISTLE] = {.name = "whistle",
                     .columns = "LLLS",
                     .sql = "INSERT INTO whistle (id, seq, due_review, state) SELECT * FROM "
                            "unnest($1::int8[], $2::int8[], $3::int8[], $4::int2[])"},
    [PUT_CHANGE] = {.name = "change",
                    .columns = "LLLS",
                    .sql =
                        "UPDATE whistle SET state = u.state, due_review = u.due, "
                        "later = coalesce(whistle.later, '{}') || u.seqs "
                        "FROM (SELECT r.id, (array_agg(r.state ORDER BY r.seq DESC))[1] AS state, "
                        "(array_agg(r.due ORDER BY r.seq DESC))[1] AS due, "
                        "array_agg(r.seq ORDER BY r.seq) AS seqs "
                        "FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int2[]) "
                        "AS r(id, seq, due, state) GROUP BY r.id) AS u WHERE whistle.id = u.id"},
    [PUT_DISTRICT] = {.name = "district", .columns = "IL", .sql = wh_put_district_sql},
    [PUT_CODE] = {.name = "code",
                  .columns = "TI",
                  .sql = "INSERT INTO code (code, id) SELECT * FROM "
                         "unnest($1::text[], $2::int4[]) ON CONFLICT (code) DO NOTHING"},
};

const struct wh_loader store_loaders[STORE_LOADS] = {
    [LOAD_WHISTLE] = {.name = "whistle",
                      .key = 'L',
                      .sql = "SELECT w.id, t.nth, cardinality(w.later) AS more, j.body "
                             "FROM whistle AS w, unnest(w.seq || coalesce(w.later, '{}')) "
                             "WITH ORDINALITY AS t(seq, nth) JOIN journal AS j ON j.seq = t.seq "
                             "WHERE w.id = ANY($1::int8[]) ORDER BY w.id, t.nth",
                      .row = intake_loaded_whistle},
    [LOAD_PERSON] = {.name = "person",
                     .key = 'B',
                     .sql = "SELECT id, hash, wrapped FROM person WHERE hash = ANY($1::bytea[])",
                     .row = intake_loaded_person},
};

const struct wh_select store_selects[STORE_SELECTS] = {
    [SELECT_TRAIL] = {.name = "trail",
                      .params = "L",
                      .sql = "SELECT j.body FROM whistle AS w, "
                             "unnest(w.seq || coalesce(w.later, '{}')) AS t(seq) "
                             "JOIN journal AS j ON j.seq = t.seq WHERE w.id = $1::int8 "
                             "ORDER BY j.seq"},
    [SELECT_PERSONS] = {.name = "persons",
                        .params = "A",
                        .sql = "SELECT id, wrapped FROM person WHERE id = ANY($1::int8[])"},
    [SELECT_KEYS] = {.name = "keys",
                     .params = "B",
                     .sql = "SELECT id, hash, wrapped FROM person WHERE hash = ANY (ARRAY(SELECT "
                            "substring($1::bytea FROM i FOR 32) FROM "
                            "generate_series(1, length($1::bytea), 32) AS i)) ORDER BY hash"},
    [SELECT_HEALTH] = {.name = "health", .params = "", .sql = wh_health_sql},
    [SELECT_DEAD_LETTERS] = {.name = "dead_letters",
                             .params = "LI",
                             .sql = "SELECT id, at, feed, seq, object, sqlstate, why "
                                    "FROM dead_letter WHERE id > $1::int8 AND retried_at IS NULL "
                                    "ORDER BY id LIMIT $2::int4"},
};

const struct wh_loader store_rebuild[STORE_REBUILDS] = {
    {.name = "district", .sql = wh_newest_district_sql, .row = intake_rebuilt_district},
    {.name = "codes", .sql = "SELECT code, id FROM code ORDER BY code", .row = intake_rebuilt_code},
    {.name = "clocks",
     .sql = "SELECT id, due_review FROM whistle WHERE due_review > 0 ORDER BY id",
     .row = intake_rebuilt_clock},
    {.name = "numbers", .sql = "SELECT max(id) FROM whistle", .row = intake_rebuilt_number},
};
