// SPDX-License-Identifier: Apache-2.0
// The lock is tried every 500 ms and never waited for. Who does not get it watches the head: if
// epoch, seq and touch stand still for 10 s by our own clock, the holder's session is ended and the
// lock is tried again. Who holds it raises the epoch, touches the head every second, and stops
// serving when the database has not answered for 5 s, half of what a standby waits. Where several
// servers may be the primary, a head that stands still for 5 s can also mean that this one is it no
// more, or that it cannot commit: the next one is looked at, once, before the holder's session is
// ended here.
#include "runtime/owner.h"

#include <endian.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "runtime/failpoint.h"
#include "runtime/owner_internal.h"
#include "runtime/row.h"
#include "runtime/turn.h"

#define TICK_MS 100
#define TRY_MS 500
#define TOUCH_MS 1000
#define PROOF_MS 5000
#define PROOF_EACH_MS 3000 // where there is another server to turn to
#define TAKING_MS 60000    // nothing is served yet; handing over many rows may take its time
#define PATIENCE_MS 10000
#define HOLD_MS 2000
#define TRIM_MS 10000
#define TRIM_MORE_MS 200
#define KEPT_MS (33 * WH_MS_DAY) // the door takes 30: three for a clock that jumped

// ---- asking the writer -----------------------------------------------------------------------

static void param64(struct wh_db_param *param, int64_t *space, int64_t value)
{
    *space = (int64_t)htobe64((uint64_t)value);
    *param = (struct wh_db_param){(const char *)space, 8, 1};
}

// One statement with int8 parameters.
static void ask(struct wh_owner *owner, size_t statement, const int64_t *values, size_t n,
                wh_db_done_fn done)
{
    struct wh_db_param params[4];
    int64_t space[4];
    for (size_t i = 0; i < n; i++)
        param64(&params[i], &space[i], values[i]);
    struct wh_db_step step = {statement, params, n};
    owner->sent_ms = wh_mono_ms();
    owner->busy = wh_db_run(owner->runtime->writer, &step, 1, done, owner) == 0;
}

// Common beginning of every answer: false where there is nothing to read.
static bool answered(struct wh_owner *owner, const struct wh_db_outcome *outcome)
{
    owner->busy = false;
    if (outcome->status == WH_E_IO)
        return false;
    owner->proof_ms = owner->sent_ms;
    if (outcome->status == 0)
        return true;
    wh_logf(WH_LOG_ERROR, "owner.refused", "%s %s", outcome->sqlstate, outcome->message);
    wh_owner_hold(owner->runtime, outcome->sqlstate);
    wh_db_drop(owner->runtime->writer, outcome->message);
    return false;
}

// ---- taking ----------------------------------------------------------------------------------

static void on_taken(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_owner *owner = arg;
    if (!answered(owner, outcome))
        return;
    struct wh_row row = {outcome->results[0], 0};
    size_t n;
    if (PQntuples(row.result) != 1)
        wh_fatal("head.missing", "the table head has no row: run whistle-migrate");
    const uint8_t *hash = wh_row_bytes(&row, 2, &n);
    owner->taken = true;
    owner->epoch = wh_row_int(&row, 0);
    owner->seq = wh_row_int(&row, 1);
    if (n == WH_HASH_SIZE)
        memcpy(owner->hash, hash, n);
    owner->touched_ms = wh_mono_ms();
    wh_owner_name(&row, owner->text);
    wh_logf(WH_LOG_INFO, "owner.epoch", "epoch %lld at seq %lld; the one before: %s",
            (long long)owner->epoch, (long long)owner->seq, owner->text);
    if (WH_FAILPOINT("owner.after_epoch"))
        wh_fatal("failpoint", "owner.after_epoch");
    wh_rebuild_begin(owner);
}

static struct wh_db_param text_param(const char *text)
{
    return (struct wh_db_param){text, (int)strlen(text), 0};
}

static void take(struct wh_owner *owner)
{
    struct wh_runtime *runtime = owner->runtime;
    char host[UV_MAXHOSTNAMESIZE] = "";
    size_t n = sizeof host;
    int64_t now, pid;
    struct wh_db_param params[5];
    struct wh_db_step step = {WH_W_TAKE, params, 5};
    if (WH_FAILPOINT("owner.after_lock"))
        wh_fatal("failpoint", "owner.after_lock");
    (void)uv_os_gethostname(host, &n);
    param64(&params[0], &now, wh_wall_ms());
    param64(&params[1], &pid, uv_os_getpid());
    params[2] = text_param(wh_settings_text(runtime->settings, "instance"));
    params[3] = text_param(wh_settings_text(runtime->settings, "release"));
    params[4] = text_param(host);
    runtime->phase = WH_PHASE_TAKING;
    owner->taken = false;
    owner->sent_ms = wh_mono_ms();
    owner->busy = wh_db_run(runtime->writer, &step, 1, on_taken, owner) == 0;
}

// ---- standing by -----------------------------------------------------------------------------

static void on_terminated(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_owner *owner = arg;
    if (!answered(owner, outcome))
        return;
    wh_logf(WH_LOG_WARN, "owner.terminated", "the owner's session was ended after %d s of silence",
            PATIENCE_MS / 1000);
    owner->seen_ms = wh_mono_ms();
    owner->tried_ms = 0;
    owner->looked = false;
}

static void stand_by(struct wh_owner *owner)
{
    if (owner->runtime->phase != WH_PHASE_STANDBY) {
        wh_logf(WH_LOG_INFO, "owner.standby", "another one holds the lock: %s", owner->text);
        owner->runtime->phase = WH_PHASE_STANDBY;
        wh_runtime_unbind(owner->runtime);
    }
}

static void watch(struct wh_owner *owner, const struct wh_row *row)
{
    int64_t epoch = wh_row_int(row, 0), seq = wh_row_int(row, 1), touched = wh_row_int(row, 2);
    int64_t now = wh_mono_ms();
    if (owner->seen_ms == 0 || epoch != owner->seen_epoch || seq != owner->seen_seq ||
        touched != owner->seen_touched) {
        owner->seen_epoch = epoch;
        owner->seen_seq = seq;
        owner->seen_touched = touched;
        owner->seen_ms = now;
        owner->looked = false;
        (void)wh_tail_sync(owner, seq, NULL);
    } else if (!owner->looked && now - owner->seen_ms >= PROOF_MS &&
               wh_db_servers(owner->runtime->writer) > 1) {
        owner->looked = owner->looking = true;
        wh_db_drop(owner->runtime->writer, "the head stands still: is another server the primary");
    } else if (now - owner->seen_ms >= PATIENCE_MS) {
        ask(owner, WH_W_TERMINATE, &owner->lock_key, 1, on_terminated);
    }
}

static void on_tried(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_owner *owner = arg;
    if (!answered(owner, outcome))
        return;
    struct wh_row lock = {outcome->results[0], 0}, head = {outcome->results[1], 0};
    if (wh_row_int(&lock, 0)) {
        take(owner);
        return;
    }
    if (PQntuples(head.result) == 1)
        wh_owner_name(&head, owner->text);
    stand_by(owner);
    if (PQntuples(head.result) == 1)
        watch(owner, &head);
}

static void try_lock(struct wh_owner *owner)
{
    struct wh_db_param key;
    int64_t space;
    param64(&key, &space, owner->lock_key);
    struct wh_db_step steps[2] = {{WH_W_LOCK, &key, 1}, {WH_W_HEAD, NULL, 0}};
    owner->tried_ms = owner->sent_ms = wh_mono_ms();
    owner->busy = wh_db_run(owner->runtime->writer, steps, 2, on_tried, owner) == 0;
}

// ---- owning ----------------------------------------------------------------------------------

static void on_touched(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_owner *owner = arg;
    if (outcome->status == WH_E_DB && strcmp(outcome->sqlstate, "22012") == 0)
        wh_fatal("fenced", "the journal's head is not ours any more (epoch %lld)",
                 (long long)owner->epoch);
    (void)answered(owner, outcome);
}

// In TAKING the head cannot have moved; while serving it stands where the engine says, and a turn's
// own transaction is a touch: this one is sent only when none is in flight.
static void touch(struct wh_owner *owner)
{
    struct wh_runtime *runtime = owner->runtime;
    bool serving = runtime->phase != WH_PHASE_TAKING;
    int64_t values[3] = {owner->epoch, serving ? wh_engine_head(runtime->engine) : owner->seq,
                         wh_wall_ms()};
    owner->touched_ms = wh_mono_ms();
    ask(owner, WH_W_TOUCH, values, 3, on_touched);
}

// A full page: there is more, go on soon.
static void on_trimmed(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_owner *owner = arg;
    if (answered(owner, outcome) && strcmp(PQcmdTuples(outcome->results[0]), "1000") == 0)
        owner->tried_ms -= TRIM_MS - TRIM_MORE_MS;
}

// Kept answers whose id is older than what the door takes.
static void trim(struct wh_owner *owner)
{
    static const uint8_t zeros[10];
    struct wh_uuid before = wh_uuid7_make(wh_wall_ms() - KEPT_MS, zeros);
    struct wh_db_param param = {(const char *)before.b, sizeof before.b, 1};
    struct wh_db_step step = {WH_W_TRIM, &param, 1};
    owner->tried_ms = owner->sent_ms = wh_mono_ms();
    owner->busy = wh_db_run(owner->runtime->writer, &step, 1, on_trimmed, owner) == 0;
}

static void own(struct wh_owner *owner, int64_t now)
{
    (void)wh_engine_ahead(owner->runtime->engine); // a clock that jumped is told
    struct wh_runtime *runtime = owner->runtime;
    if (owner->busy || wh_db_queued(runtime->writer) > 0)
        return;
    if (now - owner->touched_ms >= TOUCH_MS)
        touch(owner);
    else if (runtime->phase == WH_PHASE_SERVING && wh_engine_idle(runtime->engine) &&
             now - owner->tried_ms >= TRIM_MS)
        trim(owner);
}

static void on_tick(uv_timer_t *timer)
{
    struct wh_owner *owner = timer->data;
    struct wh_runtime *runtime = owner->runtime;
    int64_t now = wh_mono_ms();
    if (!owner->connected)
        return;
    bool rebuilding = runtime->phase == WH_PHASE_TAKING && owner->taken;
    int64_t proof = wh_db_servers(runtime->writer) > 1 ? PROOF_EACH_MS : PROOF_MS;
    int64_t patience = rebuilding ? TAKING_MS : proof;
    if (now - owner->proof_ms >= patience) {
        wh_logf(WH_LOG_ERROR, "owner.no_proof", "no answer of the database for %lld s",
                (long long)patience / 1000);
        wh_db_drop(runtime->writer, "no answer in time");
        return;
    }
    bool owning = runtime->phase == WH_PHASE_TAKING || runtime->phase == WH_PHASE_SERVING ||
                  runtime->phase == WH_PHASE_DRAINING;
    if (owning)
        own(owner, now);
    else if (!owner->busy && now >= owner->hold_until && now - owner->tried_ms >= TRY_MS)
        try_lock(owner);
    else if (!owner->busy && now < owner->hold_until)
        owner->proof_ms = now; // waiting on purpose
    if (runtime->phase == WH_PHASE_SERVING)
        wh_runtime_bind(runtime);
}

// ---- from outside ----------------------------------------------------------------------------

int wh_owner_new(struct wh_runtime *runtime, struct wh_owner **ret_owner)
{
    struct wh_owner *owner = calloc(1, sizeof *owner);
    if (!owner)
        return WH_E_NOMEM;
    char text[128];
    int n = snprintf(text, sizeof text, "whistle:%s", runtime->service->name);
    uint8_t hash[16];
    crypto_generichash(hash, sizeof hash, (const uint8_t *)text, (unsigned long long)n, NULL, 0);
    memcpy(&owner->lock_key, hash, sizeof owner->lock_key);
    owner->runtime = runtime;
    owner->proof_ms = wh_mono_ms();
    uv_timer_init(&runtime->loop, &owner->tick);
    owner->tick.data = owner;
    uv_timer_start(&owner->tick, on_tick, TICK_MS, TICK_MS);
    *ret_owner = owner;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void wh_owner_close(struct wh_owner *owner)
{
    if (owner)
        uv_close((uv_handle_t *)&owner->tick, on_closed);
}

void wh_owner_connected(struct wh_runtime *runtime)
{
    struct wh_owner *owner = runtime->owner;
    owner->connected = true;
    owner->busy = false;
    owner->proof_ms = wh_mono_ms();
    owner->tried_ms = 0;
    if (!owner->looking)
        owner->seen_ms = 0;
    owner->looking = false;
    if (owner->proof_ms >= owner->hold_until)
        try_lock(owner);
}

void wh_owner_disconnected(struct wh_runtime *runtime)
{
    runtime->owner->connected = runtime->owner->busy = false;
    runtime->owner->life++;
}

void wh_owner_proved(struct wh_runtime *runtime, int64_t sent_ms)
{
    struct wh_owner *owner = runtime->owner;
    if (sent_ms > owner->proof_ms)
        owner->proof_ms = sent_ms;
    owner->touched_ms = sent_ms > owner->touched_ms ? sent_ms : owner->touched_ms;
}

void wh_owner_hold(struct wh_runtime *runtime, const char *sqlstate)
{
    wh_logf(WH_LOG_WARN, "owner.hold", "waiting %d s after SQLSTATE %s", HOLD_MS / 1000, sqlstate);
    runtime->owner->hold_until = wh_mono_ms() + HOLD_MS;
    runtime->disk_full = strncmp(sqlstate, "53100", 5) == 0;
}

int64_t wh_owner_standby_lag(const struct wh_runtime *runtime)
{
    int64_t lag = runtime->owner->seen_seq - wh_tail_head(runtime->tail, NULL);
    return runtime->phase == WH_PHASE_STANDBY && lag > 0 ? lag : 0;
}

int64_t wh_owner_silent_ms(const struct wh_runtime *runtime)
{
    return wh_mono_ms() - runtime->owner->proof_ms;
}

static void on_released(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_owner *owner = arg;
    (void)outcome;
    owner->released(owner->runtime);
}

void wh_owner_release(struct wh_runtime *runtime, void (*done)(struct wh_runtime *runtime))
{
    struct wh_owner *owner = runtime->owner;
    owner->released = done;
    ask(owner, WH_W_UNLOCK, &owner->lock_key, 1, on_released);
    if (!owner->busy)
        done(runtime);
}
