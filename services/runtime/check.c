// SPDX-License-Identifier: Apache-2.0
// Before anything else: is PostgreSQL set up so that a commit survives a crash, does it keep
// Chinese text as text, and are the tables those that this program was made for? What is wrong is
// named, and the process ends; an unreachable server is only waited for.
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "runtime/row.h"
#include "runtime/runtime.h"

#define COMMON_VERSION 1

enum { CHECK_SETTINGS, CHECK_VERSIONS };

static const char *const sql[] = {
    [CHECK_SETTINGS] = "SELECT current_setting('fsync'), current_setting('full_page_writes'), "
                       "current_setting('server_encoding'), datctype::text FROM pg_database "
                       "WHERE datname = current_database()",
    [CHECK_VERSIONS] = "SELECT set, max(version) FROM schema_version GROUP BY set",
};

static void text_of(const struct wh_row *row, int column, char ret_text[64])
{
    size_t n;
    const uint8_t *bytes = wh_row_bytes(row, column, &n);
    (void)snprintf(ret_text, 64, "%.*s", (int)n, (const char *)bytes);
}

// C and POSIX know no letters beyond ASCII: trigram search would see no Chinese.
static bool real_utf8(const char *locale)
{
    if (strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0)
        return false;
    const char *charset = strrchr(locale, '.');
    return charset &&
           (strncasecmp(charset, ".utf-8", 6) == 0 || strncasecmp(charset, ".utf8", 5) == 0);
}

static void check_settings(const PGresult *result)
{
    struct wh_row row = {result, 0};
    char fsync[64], pages[64], encoding[64], ctype[64];
    text_of(&row, 0, fsync);
    text_of(&row, 1, pages);
    text_of(&row, 2, encoding);
    text_of(&row, 3, ctype);
    if (strcmp(fsync, "on") != 0)
        wh_fatal("database.fsync", "PostgreSQL runs with fsync=%s, it must be on", fsync);
    if (strcmp(pages, "on") != 0)
        wh_fatal("database.full_page_writes",
                 "PostgreSQL runs with full_page_writes=%s, it must be on", pages);
    if (strcmp(encoding, "UTF8") != 0)
        wh_fatal("database.encoding", "the database's encoding is %s, it must be UTF8", encoding);
    if (!real_utf8(ctype))
        wh_fatal("database.lc_ctype",
                 "the database's lc_ctype is %s, it must be a UTF-8 locale such as C.UTF-8", ctype);
}

static void check_version(const char *set, int64_t found, int64_t needed)
{
    if (found < needed)
        wh_fatal("schema.older",
                 "the schema's tables (%s) are at version %lld, this program needs %lld: run "
                 "whistle-migrate",
                 set, (long long)found, (long long)needed);
    if (found > needed)
        wh_fatal("schema.newer",
                 "the schema's tables (%s) are at version %lld, this program knows %lld: install "
                 "the newer program",
                 set, (long long)found, (long long)needed);
}

static void check_versions(const struct wh_service *service, const PGresult *result)
{
    int64_t common = 0, own = 0;
    for (int i = 0; i < PQntuples(result); i++) {
        struct wh_row row = {result, i};
        char set[64];
        text_of(&row, 0, set);
        if (strcmp(set, "common") == 0)
            common = wh_row_int(&row, 1);
        else if (strcmp(set, service->name) == 0)
            own = wh_row_int(&row, 1);
    }
    check_version("common", common, COMMON_VERSION);
    check_version(service->name, own, service->schema_version);
}

static void on_answer(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_runtime *runtime = arg;
    if (outcome->status == WH_E_IO)
        return; // it connects again and is asked again
    if (outcome->status != 0)
        wh_fatal("database.check", "%s %s", outcome->sqlstate, outcome->message);
    check_settings(outcome->results[0]);
    check_versions(runtime->service, outcome->results[1]);
    wh_db_close(runtime->checker);
    runtime->checker = NULL;
    wh_runtime_connect(runtime);
}

static void on_ready(void *arg, struct wh_db *db)
{
    const struct wh_db_step steps[] = {{CHECK_SETTINGS, NULL, 0}, {CHECK_VERSIONS, NULL, 0}};
    (void)wh_db_run(db, steps, 2, on_answer, arg);
}

static void on_lost(void *arg, struct wh_db *db, const char *why)
{
    struct wh_runtime *runtime = arg;
    (void)db;
    if (strstr(why, "(42P01)"))
        wh_fatal("schema.missing", "schema %s has no tables: run whistle-migrate",
                 runtime->service->name);
    if (strstr(why, "(42501)"))
        wh_fatal("schema.denied", "the role may not read schema %s: %s", runtime->service->name,
                 why);
    wh_logf(WH_LOG_WARN, "database.unreachable", "%s", why);
}

void wh_check_begin(struct wh_runtime *runtime)
{
    const struct wh_db_options options = {
        .conninfo = wh_settings_text(runtime->settings, "database"),
        .schema = runtime->service->name,
        .application = runtime->service->name,
        .sql = sql,
        .n_sql = 2,
        .on_ready = on_ready,
        .on_lost = on_lost,
        .arg = runtime,
    };
    if (wh_db_open(&runtime->loop, &options, &runtime->checker) != 0)
        wh_fatal("memory", "no memory for a connection");
}
