// SPDX-License-Identifier: Apache-2.0
// From the lock to serving: are the tables ours, is the journal's end what the head says, does the
// reading connection see the same database; then the tail, the feeds' cursors, what is parked, and
// the service's own memory, one select after the other. The writer stays free for touching the head
// meanwhile.
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/failpoint.h"
#include "runtime/follows.h"
#include "runtime/owner_internal.h"
#include "runtime/row.h"
#include "runtime/turn.h"

#define TAIL_ROWS 4096
#define SUBJECTS_MAX 4096

// One question to the reader; an answer of an earlier life is ignored.
struct question {
    struct wh_owner *owner;
    unsigned life;
    void (*then)(struct wh_owner *owner, const struct wh_db_outcome *outcome);
    void (*done)(struct wh_owner *owner);
    int64_t from, seq;
    bool fresh;
};

static void drop(struct wh_owner *owner, const char *why)
{
    wh_logf(WH_LOG_ERROR, "rebuild.failed", "%s", why);
    wh_db_drop(owner->runtime->writer, why);
}

static void on_answer(void *arg, const struct wh_db_outcome *outcome)
{
    struct question *question = arg;
    struct wh_owner *owner = question->owner;
    bool ours = question->life == owner->life && outcome->status != WH_E_IO;
    void (*then)(struct wh_owner *, const struct wh_db_outcome *) = question->then;
    free(question);
    if (ours && outcome->status != 0)
        drop(owner, outcome->message);
    else if (ours)
        then(owner, outcome);
}

static void ask(struct wh_owner *owner, size_t statement,
                void (*then)(struct wh_owner *owner, const struct wh_db_outcome *outcome))
{
    struct question *question = calloc(1, sizeof *question);
    struct wh_db_step step = {statement, NULL, 0};
    if (!question)
        wh_fatal("memory", "no memory while rebuilding");
    question->owner = owner;
    question->life = owner->life;
    question->then = then;
    if (wh_db_run(owner->runtime->reader, &step, 1, on_answer, question) != 0)
        free(question); // its loss is reported and begins all anew
}

// ---- the tail --------------------------------------------------------------------------------

static bool append_row(struct wh_tail *tail, const struct wh_row *row)
{
    static int64_t wide[SUBJECTS_MAX];
    static int32_t subjects[SUBJECTS_MAX];
    size_t hash_n;
    struct wh_journal_row out = {
        .seq = wh_row_int(row, 0),
        .at = wh_row_int(row, 1),
        .kind = (uint32_t)wh_row_int(row, 2),
        .object = wh_row_int(row, 3),
        .subjects = subjects,
    };
    out.n_subjects = wh_row_ints(row, 4, wide, SUBJECTS_MAX);
    for (size_t i = 0; i < out.n_subjects; i++)
        subjects[i] = (int32_t)wide[i];
    out.body = wh_row_bytes(row, 5, &out.body_n);
    const uint8_t *hash = wh_row_bytes(row, 6, &hash_n);
    if (hash_n != WH_HASH_SIZE)
        return false;
    memcpy(out.hash, hash, hash_n);
    return wh_tail_append(tail, &out) == 0;
}

static int tail_ask(struct wh_owner *owner, int64_t seq, bool fresh,
                    void (*done)(struct wh_owner *owner));

// The first row is the one the tail ends with (or begins behind): is it the same?
static bool joins(struct wh_tail *tail, const struct question *question, const PGresult *result)
{
    uint8_t known[WH_HASH_SIZE] = {0};
    size_t n = 0;
    if (question->from == 0) {
        if (question->fresh)
            wh_tail_reset(tail, 0, known);
        return true;
    }
    struct wh_row row = {result, 0};
    const uint8_t *hash = PQntuples(result) > 0 ? wh_row_bytes(&row, 6, &n) : NULL;
    if (n != WH_HASH_SIZE || wh_row_int(&row, 0) != question->from)
        return false;
    if (question->fresh)
        wh_tail_reset(tail, question->from, hash);
    wh_tail_head(tail, known);
    return memcmp(known, hash, n) == 0;
}

// Row `from` is not the one that was seen here: said loudly, then all is read anew.
static void other_past(struct wh_owner *owner, const struct question *question)
{
    wh_logf(WH_LOG_WARN, "journal.older", "the journal's row %lld is not the one we had seen",
            (long long)question->from);
    (void)tail_ask(owner, question->seq, true, question->done);
}

static void tail_rows(struct wh_owner *owner, const struct question *question,
                      const PGresult *result)
{
    struct wh_tail *tail = owner->runtime->tail;
    if (!joins(tail, question, result)) {
        if (question->fresh)
            drop(owner, "the journal's tail cannot be read");
        else
            other_past(owner, question);
        return;
    }
    for (int i = question->from > 0 ? 1 : 0; i < PQntuples(result); i++) {
        struct wh_row row = {result, i};
        if (!append_row(tail, &row)) {
            drop(owner, "the journal's tail has a gap");
            return;
        }
    }
    if (question->done)
        question->done(owner);
}

static void on_tail(void *arg, const struct wh_db_outcome *outcome)
{
    struct question question = *(struct question *)arg;
    struct wh_owner *owner = question.owner;
    free(arg);
    owner->syncing = false;
    if (question.life != owner->life || outcome->status == WH_E_IO)
        return;
    if (outcome->status != 0)
        drop(owner, outcome->message);
    else
        tail_rows(owner, &question, outcome->results[0]);
}

static int tail_ask(struct wh_owner *owner, int64_t seq, bool fresh,
                    void (*done)(struct wh_owner *owner))
{
    int64_t have = wh_tail_head(owner->runtime->tail, NULL);
    fresh = fresh || have > seq || seq - have > TAIL_ROWS;
    int64_t from = !fresh ? have : seq > TAIL_ROWS ? seq - TAIL_ROWS : 0;
    struct question *question = calloc(1, sizeof *question);
    if (!question)
        return WH_E_NOMEM;
    *question = (struct question){.owner = owner,
                                  .life = owner->life,
                                  .done = done,
                                  .from = from,
                                  .seq = seq,
                                  .fresh = fresh};
    uint64_t space[2] = {htobe64((uint64_t)from), htobe64((uint64_t)seq)};
    struct wh_db_param params[2] = {{(const char *)&space[0], 8, 1},
                                    {(const char *)&space[1], 8, 1}};
    struct wh_db_step step = {WH_R_JOURNAL, params, 2};
    int status = wh_db_run(owner->runtime->reader, &step, 1, on_tail, question);
    if (status != 0)
        free(question);
    owner->syncing = status == 0;
    return status;
}

int wh_tail_sync(struct wh_owner *owner, int64_t seq, void (*done)(struct wh_owner *owner))
{
    if (owner->syncing)
        return WH_E_BUSY;
    return tail_ask(owner, seq, false, done);
}

// ---- memory ----------------------------------------------------------------------------------

static void serve(struct wh_owner *owner)
{
    struct wh_runtime *runtime = owner->runtime;
    const struct wh_service *service = runtime->service;
    int status = service->ready ? service->ready(runtime->state) : 0;
    if (status != 0)
        wh_fatal("service.ready", "%s: memory could not be rebuilt: %s", service->name,
                 wh_strerror(status));
    wh_engine_serve(runtime->engine, owner->epoch, owner->seq, owner->hash, owner->last_at);
    wh_runtime_serve(runtime);
}

static void rebuild_next(struct wh_owner *owner);

static void on_rows(struct wh_owner *owner, const struct wh_db_outcome *outcome)
{
    struct wh_runtime *runtime = owner->runtime;
    const struct wh_loader *loader = &runtime->service->rebuild[owner->rebuilt++];
    for (int i = 0; i < PQntuples(outcome->results[0]); i++) {
        struct wh_row row = {outcome->results[0], i};
        loader->row(runtime->state, &row);
    }
    if (loader->done)
        loader->done(runtime->state, NULL, 0);
    rebuild_next(owner);
}

static void rebuild_next(struct wh_owner *owner)
{
    size_t n = owner->runtime->service->n_rebuild;
    if (owner->rebuilt == n / 2 && WH_FAILPOINT("rebuild.half"))
        wh_fatal("failpoint", "rebuild.half");
    if (owner->rebuilt == n)
        serve(owner);
    else
        ask(owner, WH_R_OWN + owner->rebuilt, on_rows);
}

static void on_parked(struct wh_owner *owner, const struct wh_db_outcome *outcome)
{
    for (int i = 0; i < PQntuples(outcome->results[0]); i++) {
        struct wh_row row = {outcome->results[0], i};
        wh_engine_parked(owner->runtime->engine, wh_row_int(&row, 0), wh_row_int(&row, 1));
    }
    owner->rebuilt = 0;
    rebuild_next(owner);
}

static void on_cursors(struct wh_owner *owner, const struct wh_db_outcome *outcome)
{
    for (int i = 0; i < PQntuples(outcome->results[0]); i++) {
        struct wh_row row = {outcome->results[0], i};
        size_t feed_n, hash_n;
        const char *feed = (const char *)wh_row_bytes(&row, 0, &feed_n);
        const uint8_t *hash = wh_row_bytes(&row, 2, &hash_n);
        wh_followings_cursor(owner->runtime->followings, feed, feed_n, wh_row_int(&row, 1),
                             hash_n == WH_HASH_SIZE ? hash : NULL);
    }
    ask(owner, WH_R_PARKED, on_parked);
}

static void tail_there(struct wh_owner *owner)
{
    ask(owner, WH_R_CURSORS, on_cursors);
}

static void on_verified(struct wh_owner *owner, const struct wh_db_outcome *outcome)
{
    static const uint8_t zeros[WH_HASH_SIZE];
    struct wh_row row = {outcome->results[0], 0};
    size_t n;
    if (PQntuples(row.result) != 1 || wh_row_int(&row, 0) != owner->epoch) {
        drop(owner, "the reading connection sees another database");
        return;
    }
    const uint8_t *last = wh_row_bytes(&row, 3, &n);
    if (owner->seq == 0) {
        last = zeros;
        n = WH_HASH_SIZE;
    }
    if (wh_row_int(&row, 5) != owner->seq || n != WH_HASH_SIZE || memcmp(last, owner->hash, n) != 0)
        wh_fatal("journal.torn", "the journal ends at %lld, the head says %lld: restore a backup",
                 (long long)wh_row_int(&row, 5), (long long)owner->seq);
    owner->last_at = wh_row_int(&row, 4);
    int64_t known = wh_tail_head(owner->runtime->tail, NULL);
    if (known > owner->seq)
        wh_logf(WH_LOG_WARN, "journal.older", "the journal ends at %lld, we had seen %lld",
                (long long)owner->seq, (long long)known);
    if (wh_tail_sync(owner, owner->seq, tail_there) != 0)
        drop(owner, "the reading connection is gone");
}

static void on_schema(struct wh_owner *owner, const struct wh_db_outcome *outcome)
{
    wh_check_schema(owner->runtime, outcome->results[0]);
    ask(owner, WH_R_TAKEN, on_verified);
}

void wh_rebuild_begin(struct wh_owner *owner)
{
    struct wh_runtime *runtime = owner->runtime;
    if (runtime->service->reset)
        runtime->service->reset(runtime->state);
    ask(owner, WH_R_SCHEMA, on_schema);
}
