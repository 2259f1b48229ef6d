// SPDX-License-Identifier: Apache-2.0
// Before anything else: is PostgreSQL set up so that a commit survives a crash, does it keep
// Chinese text as text, and are the tables those that this program can live with: its own, or newer
// ones whose migrations keep it? What is wrong is named, and the process ends; an unreachable
// server is only waited for.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/figures.h"
#include "runtime/row.h"
#include "runtime/runtime.h"

#define COMMON "0002_ownership.sql" // newest file of the set common that the runtime knows

enum { CHECK_SETTINGS, CHECK_VERSIONS };

static const char *const sql[] = {
    [CHECK_SETTINGS] = "SELECT current_setting('fsync'), current_setting('full_page_writes'), "
                       "current_setting('server_encoding'), datctype::text FROM pg_database "
                       "WHERE datname = current_database()",
    [CHECK_VERSIONS] = WH_CHECK_SCHEMA,
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

// ---- tables ----------------------------------------------------------------------------------

// "0012_name.sql" is 12.
static int version_of(const char *file)
{
    return atoi(file);
}

// One row about the set of which we know `file`. A newer one must say that it keeps us.
static void check_row(const char *set, const char *file, const struct wh_row *row)
{
    char name[64];
    int64_t version = wh_row_int(row, 1), known = version_of(file);
    bool keeps = !wh_row_null(row, 3) && wh_row_int(row, 3) <= known;
    text_of(row, 2, name);
    if (version == known && strcmp(name, file) != 0)
        wh_fatal("schema.other",
                 "the tables were made by %s/%s, this program knows %s/%s: install "
                 "the program that belongs to this database",
                 set, name, set, file);
    if (version > known && !keeps)
        wh_fatal("schema.newer",
                 "the tables were changed by %s/%s, which does not keep this program (it knows up "
                 "to %s): install the newer program",
                 set, name, file);
}

static void check_set(const struct wh_runtime *runtime, const char *set, const char *file,
                      const PGresult *result)
{
    int64_t found = 0;
    char last[64] = "none";
    for (int i = 0; i < PQntuples(result); i++) {
        struct wh_row row = {result, i};
        char name[64];
        text_of(&row, 0, name);
        if (strcmp(name, set) != 0)
            continue;
        check_row(set, file, &row);
        found = wh_row_int(&row, 1);
        text_of(&row, 2, last);
    }
    wh_metrics_set(runtime->metrics, FIG_SCHEMA, WH_LABELS({"set", set}), (double)found);
    wh_metrics_set(runtime->metrics, FIG_SCHEMA_KNOWN, WH_LABELS({"set", set}), version_of(file));
    if (found < version_of(file))
        wh_fatal("schema.older",
                 "the tables lack %s/%s, the last file applied is %s: run whistle-migrate", set,
                 file, last);
    if (found > version_of(file))
        wh_logf(WH_LOG_INFO, "schema.expanded", "%s/%s is newer than this program and keeps it",
                set, last);
}

void wh_check_schema(const struct wh_runtime *runtime, const PGresult *result)
{
    check_set(runtime, "common", COMMON, result);
    check_set(runtime, runtime->service->name, runtime->service->migration, result);
}

void wh_session_name(const struct wh_runtime *runtime, const char *role, char *ret_name, size_t n)
{
    (void)snprintf(ret_name, n, "%s %d.%d %s %s", runtime->service->name, version_of(COMMON),
                   version_of(runtime->service->migration), role,
                   wh_settings_text(runtime->settings, "instance"));
}

// ---- asking ----------------------------------------------------------------------------------

static void on_answer(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_runtime *runtime = arg;
    if (outcome->status == WH_E_IO)
        return; // it connects again and is asked again
    if (outcome->status != 0)
        wh_fatal("database.check", "%s %s", outcome->sqlstate, outcome->message);
    check_settings(outcome->results[0]);
    wh_check_schema(runtime, outcome->results[1]);
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
    char name[128];
    wh_session_name(runtime, "checker", name, sizeof name);
    const struct wh_db_options options = {
        .conninfo = wh_settings_text(runtime->settings, "database"),
        .schema = runtime->service->name,
        .application = name,
        .sql = sql,
        .n_sql = 2,
        .on_ready = on_ready,
        .on_lost = on_lost,
        .arg = runtime,
    };
    if (wh_db_open(&runtime->loop, &options, &runtime->checker) != 0)
        wh_fatal("memory", "no memory for a connection");
}
