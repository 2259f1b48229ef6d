// SPDX-License-Identifier: Apache-2.0
// Signals and the end. SIGTERM and SIGINT drain: the door refuses, the feeds we follow stop, what
// was taken is decided and answered, our own feed sends what its followers have credit for, the
// lock is given back; at most 20 s. A second one ends at once. SIGHUP reads the keyring again.
#include <unistd.h>

#include "runtime/follows.h"
#include "runtime/owner.h"
#include "runtime/runtime.h"
#include "runtime/turn.h"

#define DRAIN_MS 20000
#define DRAIN_TICK_MS 20

static void close_db(struct wh_db **db)
{
    if (*db)
        wh_db_close(*db);
    *db = NULL;
}

// Closes every handle; the loop then runs out by itself.
void wh_lifecycle_stop(struct wh_runtime *runtime)
{
    if (runtime->stopping)
        return;
    runtime->stopping = true;
    wh_runtime_void(runtime, "stopping");
    wh_runtime_unbind(runtime);
    if (runtime->service->close)
        runtime->service->close(runtime->state);
    for (size_t i = 0; i < 3; i++)
        uv_close((uv_handle_t *)&runtime->signals[i], NULL);
    uv_close((uv_handle_t *)&runtime->drain, NULL);
    close_db(&runtime->checker);
    close_db(&runtime->writer);
    close_db(&runtime->reader);
    close_db(&runtime->viewer);
    wh_engine_close(runtime->engine);
    wh_owner_close(runtime->owner);
    if (runtime->probe)
        wh_probe_close(runtime->probe);
    wh_zap_free(runtime->zap);
    wh_identity_free(runtime->identity);
    runtime->engine = NULL;
    runtime->owner = NULL;
    runtime->probe = NULL;
    runtime->zap = NULL;
    runtime->identity = NULL;
    wh_log(WH_LOG_INFO, "service.stopped", NULL);
}

static bool drained(const struct wh_runtime *runtime)
{
    return wh_engine_idle(runtime->engine) && runtime->n_queries == 0 &&
           (!runtime->service->drained || runtime->service->drained(runtime->state)) &&
           (!runtime->door || wh_door_pending(runtime->door) == 0) &&
           (!runtime->feed || wh_feed_backlog(runtime->feed) == 0);
}

static void on_drain(uv_timer_t *timer)
{
    struct wh_runtime *runtime = timer->data;
    bool late = wh_mono_ms() >= runtime->drain_until;
    if (runtime->phase != WH_PHASE_DRAINING) { // the database went away meanwhile
        uv_timer_stop(timer);
        wh_lifecycle_stop(runtime);
        return;
    }
    if (!late && !drained(runtime))
        return;
    uv_timer_stop(timer);
    if (late)
        wh_log(WH_LOG_WARN, "service.drain", "detail", "not everything left within 20 s", NULL);
    if (runtime->feed)
        wh_feed_end(runtime->feed);
    wh_owner_release(runtime, wh_lifecycle_stop);
}

static void begin_drain(struct wh_runtime *runtime)
{
    wh_log(WH_LOG_INFO, "service.stopping", NULL);
    if (runtime->phase != WH_PHASE_SERVING) {
        wh_lifecycle_stop(runtime);
        return;
    }
    runtime->phase = WH_PHASE_DRAINING;
    runtime->drain_until = wh_mono_ms() + DRAIN_MS;
    if (runtime->service->drain)
        runtime->service->drain(runtime->state);
    if (runtime->door)
        wh_door_drain(runtime->door);
    wh_followings_stop(runtime->followings, false);
    uv_timer_start(&runtime->drain, on_drain, 0, DRAIN_TICK_MS);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct wh_runtime *runtime = signal->data;
    if (number == SIGHUP) {
        wh_log(WH_LOG_INFO, "keyring.reload", NULL);
        wh_identity_reload(runtime->identity);
    } else if (runtime->drain_until != 0) {
        _exit(1);
    } else {
        runtime->drain_until = 1;
        begin_drain(runtime);
    }
}

int wh_lifecycle_begin(struct wh_runtime *runtime)
{
    static const int numbers[3] = {SIGTERM, SIGINT, SIGHUP};
    int status = uv_timer_init(&runtime->loop, &runtime->drain);
    runtime->drain.data = runtime;
    for (size_t i = 0; status == 0 && i < 3; i++) {
        status = uv_signal_init(&runtime->loop, &runtime->signals[i]);
        runtime->signals[i].data = runtime;
        if (status == 0)
            status = uv_signal_start(&runtime->signals[i], on_signal, numbers[i]);
    }
    return status == 0 ? 0 : WH_E_IO;
}
