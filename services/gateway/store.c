// SPDX-License-Identifier: Apache-2.0
// SQL and nothing else. A turn may write one row several times: its last one holds (n says the
// order). Every way in goes through a key.
#include "gateway/store.h"

const struct wh_statement gateway_statements[PUT_STATEMENTS] = {
    [PUT_PERSON] =
        {.name = "person",
         .columns = "TTTTZLL",
         .sql = "INSERT INTO person (code, login, name, hash, temporary, added_at, ended_at) "
                "SELECT DISTINCT ON (code) code, login, name, hash, temporary, added_at, ended_at "
                "FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bool[], "
                "$6::int8[], $7::int8[]) WITH ORDINALITY AS t(code, login, name, hash, temporary, "
                "added_at, ended_at, n) ORDER BY code, n DESC ON CONFLICT (code) DO UPDATE SET "
                "name = excluded.name, hash = excluded.hash, temporary = excluded.temporary, "
                "ended_at = excluded.ended_at"},
    [PUT_POST] =
        {.name = "post",
         .columns = "TTTLLT",
         .sql = "INSERT INTO post (person, identity, role, from_at, until_at, standing_in_for) "
                "SELECT DISTINCT ON (person, identity, role) person, identity, role, from_at, "
                "until_at, standing_in_for FROM unnest($1::text[], $2::text[], $3::text[], "
                "$4::int8[], $5::int8[], $6::text[]) WITH ORDINALITY AS t(person, identity, role, "
                "from_at, until_at, standing_in_for, n) ORDER BY person, identity, role, n DESC "
                "ON CONFLICT (person, identity, role) DO UPDATE SET from_at = excluded.from_at, "
                "until_at = excluded.until_at, standing_in_for = excluded.standing_in_for"},
    [PUT_SESSION] =
        {.name = "session",
         .columns = "LBTTTLLTT",
         .sql = "INSERT INTO session (id, hash, person, identity, role, started_at, used_at, "
                "address, agent) SELECT DISTINCT ON (id) id, hash, person, identity, role, "
                "started_at, used_at, address, agent FROM unnest($1::int8[], $2::bytea[], "
                "$3::text[], $4::text[], $5::text[], $6::int8[], $7::int8[], $8::text[], "
                "$9::text[]) WITH ORDINALITY AS t(id, hash, person, identity, role, started_at, "
                "used_at, address, agent, n) ORDER BY id, n DESC ON CONFLICT (id) DO UPDATE SET "
                "identity = excluded.identity, role = excluded.role, used_at = excluded.used_at"},
    [PUT_SESSION_USED] = {.name = "session_used",
                          .columns = "LL",
                          .sql = "UPDATE session s SET used_at = u.at FROM (SELECT * FROM "
                                 "unnest($1::int8[], $2::int8[]) AS t(id, at)) u WHERE s.id = u.id "
                                 "AND s.used_at < u.at"},
    [PUT_SESSION_GONE] = {.name = "session_gone",
                          .columns = "L",
                          .sql = "DELETE FROM session s USING (SELECT * FROM unnest($1::int8[]) "
                                 "AS t(id)) u WHERE s.id = u.id"},
    [PUT_API_KEY] =
        {.name = "api_key",
         .columns = "TBTITLLLL",
         .sql = "INSERT INTO api_key (prefix, hash, identity, scopes, name, added_at, expires_at, "
                "used_at, ended_at) SELECT DISTINCT ON (prefix) prefix, hash, identity, scopes, "
                "name, added_at, expires_at, used_at, ended_at FROM unnest($1::text[], "
                "$2::bytea[], $3::text[], $4::int4[], $5::text[], $6::int8[], $7::int8[], "
                "$8::int8[], $9::int8[]) WITH ORDINALITY AS t(prefix, hash, identity, scopes, "
                "name, added_at, expires_at, used_at, ended_at, n) ORDER BY prefix, n DESC "
                "ON CONFLICT (prefix) DO UPDATE SET ended_at = excluded.ended_at"},
    [PUT_API_KEY_USED] = {.name = "api_key_used",
                          .columns = "TL",
                          .sql = "UPDATE api_key k SET used_at = u.at FROM (SELECT * FROM "
                                 "unnest($1::text[], $2::int8[]) AS t(prefix, at)) u "
                                 "WHERE k.prefix = u.prefix AND k.used_at < u.at"},
    [PUT_LINK_END] = {.name = "link_end",
                      .columns = "TL",
                      .sql = "INSERT INTO link_end (task, until_at) SELECT task, max(until_at) "
                             "FROM unnest($1::text[], $2::int8[]) AS t(task, until_at) GROUP BY "
                             "task ON CONFLICT (task) DO UPDATE SET until_at = excluded.until_at"},
};

const struct wh_select gateway_selects[SELECTS] = {
    [SELECT_HEALTH] = {.name = "health", .params = "", .sql = wh_health_sql},
    [SELECT_DEAD_LETTERS] = {.name = "dead_letters",
                             .params = "LI",
                             .sql = "SELECT id, at, feed, seq, object, sqlstate, why "
                                    "FROM dead_letter WHERE id > $1::int8 AND retried_at IS NULL "
                                    "ORDER BY id LIMIT $2::int4"},
};

const struct wh_loader gateway_rebuild[REBUILDS] = {
    [REBUILD_PEOPLE] = {.name = "people",
                        .sql = "SELECT code, login, name, hash, temporary, added_at, ended_at "
                               "FROM person ORDER BY added_at, code",
                        .row = gateway_rebuilt_person},
    [REBUILD_POSTS] = {.name = "posts",
                       .sql = "SELECT person, identity, role, from_at, until_at, standing_in_for "
                              "FROM post ORDER BY until_at > 0, until_at DESC, from_at",
                       .row = gateway_rebuilt_post},
    [REBUILD_SESSIONS] = {.name = "sessions",
                          .sql = "SELECT id, hash, person, identity, role, started_at, used_at, "
                                 "address, agent FROM session ORDER BY id",
                          .row = gateway_rebuilt_session},
    [REBUILD_API_KEYS] = {.name = "api_keys",
                          .sql = "SELECT prefix, hash, identity, scopes, name, added_at, "
                                 "expires_at, used_at, ended_at FROM api_key ORDER BY added_at",
                          .row = gateway_rebuilt_api_key},
    [REBUILD_LINK_ENDS] = {.name = "link_ends",
                           .sql = "SELECT task, until_at FROM link_end",
                           .row = gateway_rebuilt_link_end},
};
