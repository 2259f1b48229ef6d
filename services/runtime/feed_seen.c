// SPDX-License-Identifier: Apache-2.0
// What followers said they have durably, by feed, identity and their own name: loaded at the start
// (and when ownership comes back), written at most once a second in one statement. A write that
// fails is repeated with what is known then; losing the last second costs a program without a disk
// some events it hears twice.
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "runtime/failpoint.h"
#include "runtime/feed_internal.h"
#include "runtime/log.h"

#define NAMES_PER_IDENTITY 64
#define SAVE_EVERY_MS 1000
#define SAVE_MAX 4096  // records in one statement
#define SAVE_TEXT 72   // bytes of one quoted text with its comma
#define SAVE_NUMBER 24 // of one number with its comma

static size_t bucket_of(const char *identity)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *p = identity; *p != '\0'; p++)
        hash = (hash ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 29) % FEED_SEEN_BUCKETS;
}

struct seen *seen_of(struct wh_feed *feed, const struct wh_feed_name *channel, const char *identity,
                     const char *name)
{
    struct seen **bucket = &feed->seen_buckets[bucket_of(identity)];
    size_t names = 0;
    for (struct seen *seen = *bucket; seen != NULL; seen = seen->next) {
        if (strcmp(seen->identity, identity) != 0)
            continue;
        names++;
        if (seen->channel == channel && strcmp(seen->name, name) == 0)
            return seen;
    }
    struct seen *seen = names < NAMES_PER_IDENTITY ? calloc(1, sizeof *seen) : NULL;
    if (seen == NULL)
        return NULL;
    seen->channel = channel;
    (void)snprintf(seen->identity, sizeof seen->identity, "%s", identity);
    (void)snprintf(seen->name, sizeof seen->name, "%s", name);
    seen->next = *bucket;
    *bucket = seen;
    seen->each = feed->seen_all;
    feed->seen_all = seen;
    return seen;
}

int64_t seen_by(const struct wh_feed *feed, const char *identity)
{
    int64_t most = 0;
    const struct seen *seen = feed->seen_buckets[bucket_of(identity)];
    for (; seen != NULL; seen = seen->next)
        if (seen->seen > most && strcmp(seen->identity, identity) == 0)
            most = seen->seen;
    return most;
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void seen_set(struct wh_feed *feed, struct seen *seen, int64_t seq)
{
    if (seen->seen == seq)
        return;
    seen->seen = seq;
    seen->seen_at = now_ms();
    if (seen->name[0] == '\0')
        return;
    seen->dirty = true;
    feed->save_wanted = true;
}

void seen_free(struct wh_feed *feed)
{
    while (feed->seen_all != NULL) {
        struct seen *seen = feed->seen_all;
        feed->seen_all = seen->each;
        free(seen);
    }
}

// ---- loading ---------------------------------------------------------------------------------

static int64_t int_at(const PGresult *rows, int row, int column)
{
    uint64_t big;
    memcpy(&big, PQgetvalue(rows, row, column), sizeof big);
    return (int64_t)be64toh(big);
}

static void load_row(struct wh_feed *feed, const PGresult *rows, int row)
{
    const struct wh_feed_name *channel = feed_channel(feed, PQgetvalue(rows, row, 0));
    if (channel == NULL || PQgetlength(rows, row, 1) > WH_IDENTITY_MAX ||
        PQgetlength(rows, row, 2) > FEED_NAME_MAX)
        return;
    struct seen *seen = seen_of(feed, channel, PQgetvalue(rows, row, 1), PQgetvalue(rows, row, 2));
    if (seen == NULL || seen->dirty)
        return; // what was heard since counts more
    seen->seen = int_at(rows, row, 3);
    seen->seen_at = int_at(rows, row, 4);
}

static void on_loaded(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_feed *feed = arg;
    feed->loading = false;
    if (feed_closed(feed) || outcome->status != 0)
        return; // the timer asks again
    for (int i = 0; i < PQntuples(outcome->results[0]); i++)
        load_row(feed, outcome->results[0], i);
    feed->loaded = true;
}

void seen_load(struct wh_feed *feed)
{
    struct wh_db_step step = {feed->options.first_statement + FEED_SQL_LOAD, NULL, 0};
    if (feed->loading || feed->loaded || feed->suspended || !wh_db_ready(feed->options.viewer))
        return;
    feed->loading = wh_db_run(feed->options.viewer, &step, 1, on_loaded, feed) == 0;
}

// ---- saving ----------------------------------------------------------------------------------

// What was on its way may not have arrived: all of it is written anew.
static void save_again(struct wh_feed *feed)
{
    for (struct seen *seen = feed->seen_all; seen != NULL; seen = seen->each)
        seen->dirty |= seen->seen_at > 0 && seen->name[0] != '\0';
    feed->save_wanted = true;
}

static void on_saved(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_feed *feed = arg;
    feed->saving = false;
    if (feed_closed(feed) || outcome->status == 0)
        return;
    save_again(feed);
    if (outcome->status == WH_E_DB)
        wh_logf(WH_LOG_ERROR, "followers-not-saved", "%s %s", outcome->sqlstate, outcome->message);
}

// Columns of the statement as texts of arrays, filled side by side.
struct columns {
    char *text[5];
    size_t n[5], size[5];
};

static void columns_free(struct columns *columns)
{
    for (size_t i = 0; i < 5; i++)
        free(columns->text[i]);
}

static bool columns_make(struct columns *columns, size_t rows)
{
    for (size_t i = 0; i < 5; i++) {
        columns->size[i] = rows * (i < 3 ? SAVE_TEXT : SAVE_NUMBER) + 4;
        columns->text[i] = malloc(columns->size[i]);
        if (columns->text[i] == NULL)
            return false;
    }
    return true;
}

static void columns_put(struct columns *columns, const struct seen *seen)
{
    const char *texts[3] = {seen->channel->name, seen->identity, seen->name};
    long long numbers[2] = {(long long)seen->seen, (long long)seen->seen_at};
    for (size_t i = 0; i < 5; i++) {
        char *to = columns->text[i] + columns->n[i];
        size_t room = columns->size[i] - columns->n[i];
        char before = columns->n[i] == 0 ? '{' : ',';
        columns->n[i] += (size_t)(i < 3 ? snprintf(to, room, "%c\"%s\"", before, texts[i])
                                        : snprintf(to, room, "%c%lld", before, numbers[i - 3]));
    }
}

static void save_send(struct wh_feed *feed, struct columns *columns)
{
    struct wh_db_param params[5];
    for (size_t i = 0; i < 5; i++) {
        columns->text[i][columns->n[i]++] = '}';
        columns->text[i][columns->n[i]] = '\0';
        params[i] = (struct wh_db_param){columns->text[i], (int)columns->n[i], 0};
    }
    struct wh_db_step step = {feed->options.first_statement + FEED_SQL_SAVE, params, 5};
    feed->saving = !WH_FAILPOINT("feed.before_seen") &&
                   wh_db_run(feed->options.viewer, &step, 1, on_saved, feed) == 0;
    if (!feed->saving)
        save_again(feed);
}

void seen_save(struct wh_feed *feed)
{
    uint64_t now = uv_now(wh_bus_loop(feed->options.bus));
    if (!feed->save_wanted || feed->saving || feed->suspended || !feed->loaded ||
        now - feed->saved_at < SAVE_EVERY_MS || !wh_db_ready(feed->options.viewer))
        return;
    struct columns columns = {0};
    size_t rows = 0;
    feed->saved_at = now;
    feed->save_wanted = false;
    if (!columns_make(&columns, SAVE_MAX))
        feed->save_wanted = true;
    for (struct seen *seen = feed->seen_all; seen != NULL && !feed->save_wanted;
         seen = seen->each) {
        if (!seen->dirty)
            continue;
        columns_put(&columns, seen);
        seen->dirty = false;
        feed->save_wanted = ++rows == SAVE_MAX; // the rest a second later
    }
    if (rows > 0)
        save_send(feed, &columns);
    columns_free(&columns);
}
