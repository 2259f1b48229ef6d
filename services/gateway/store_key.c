// SPDX-License-Identifier: Apache-2.0
// Remembering first times. A connection of its own: the table is no part of the journal's fold, two
// instances may write it at once, and rows only ever come and, after 31 days, go. See store_key.h.
#include "gateway/store_key.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/time.h"
#include "runtime/row.h"

#define IN_HAND 1024
#define KEPT_DAYS 31
#define TRIM_EVERY_MS WH_MS_HOUR

enum { KEY_PUT, KEY_GET, KEY_TRIM, KEY_STATEMENTS };

const char *const key_sql[] = {
    [KEY_PUT] = "INSERT INTO request_key (hash, at) VALUES ($1::bytea, $2::int8) "
                "ON CONFLICT (hash) DO NOTHING",
    [KEY_GET] = "SELECT at FROM request_key WHERE hash = $1::bytea",
    [KEY_TRIM] = "DELETE FROM request_key WHERE hash IN (SELECT hash FROM request_key "
                 "WHERE at < $1::int8 ORDER BY at LIMIT 10000)",
};

struct keys {
    struct wh_db *db;
    size_t in_hand;
    int64_t trimmed; // ms UTC
};

struct asking {
    struct keys *keys;
    key_fn fn;
    void *arg;
};

int keys_open(uv_loop_t *loop, const char *conninfo, const char *name, struct keys **ret_keys)
{
    struct keys *keys = calloc(1, sizeof *keys);
    if (keys == NULL)
        return WH_E_NOMEM;
    const struct wh_db_options options = {
        .conninfo = conninfo,
        .schema = "gateway",
        .settings = "-c statement_timeout=5000 -c enable_seqscan=off",
        .application = name,
        .sql = key_sql,
        .n_sql = KEY_STATEMENTS,
        .arg = keys,
    };
    int status = wh_db_open(loop, &options, &keys->db);
    if (status != 0) {
        free(keys);
        return status;
    }
    *ret_keys = keys;
    return 0;
}

void keys_close(struct keys *keys)
{
    if (keys == NULL)
        return;
    wh_db_close(keys->db);
    free(keys);
}

static void on_trimmed(void *arg, const struct wh_db_outcome *outcome)
{
    (void)arg;
    (void)outcome; // what could not be dropped now is dropped in an hour
}

static void trim(struct keys *keys, int64_t now)
{
    char before[24];
    if (now - keys->trimmed < TRIM_EVERY_MS)
        return;
    keys->trimmed = now;
    int n = snprintf(before, sizeof before, "%lld", (long long)(now - KEPT_DAYS * WH_MS_DAY));
    const struct wh_db_param params[] = {{before, n, 0}};
    const struct wh_db_step steps[] = {{KEY_TRIM, params, 1}};
    (void)wh_db_run(keys->db, steps, 1, on_trimmed, NULL);
}

static void on_seen(void *arg, const struct wh_db_outcome *outcome)
{
    struct asking asking = *(struct asking *)arg;
    int status = outcome->status;
    int64_t at = 0;
    free(arg);
    asking.keys->in_hand--;
    if (status == 0 && wh_row_count(outcome->results[1]) == 1)
        at = wh_row_int(&(struct wh_row){outcome->results[1], 0}, 0);
    asking.fn(asking.arg, status == 0 && at == 0 ? WH_E_DB : status, at);
}

int keys_first_seen(struct keys *keys, const uint8_t hash[IDEMPOTENCY_HASH], int64_t now, key_fn fn,
                    void *arg)
{
    char when[24];
    if (keys->in_hand >= IN_HAND)
        return WH_E_BUSY;
    struct asking *asking = malloc(sizeof *asking);
    if (asking == NULL)
        return WH_E_NOMEM;
    *asking = (struct asking){keys, fn, arg};
    int n = snprintf(when, sizeof when, "%lld", (long long)now);
    const struct wh_db_param put[] = {{(const char *)hash, IDEMPOTENCY_HASH, 1}, {when, n, 0}};
    const struct wh_db_step steps[] = {{KEY_PUT, put, 2}, {KEY_GET, put, 1}};
    int status = wh_db_run(keys->db, steps, 2, on_seen, asking);
    if (status != 0) {
        free(asking);
        return status;
    }
    keys->in_hand++;
    trim(keys, now);
    return 0;
}
