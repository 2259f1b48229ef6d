// SPDX-License-Identifier: Apache-2.0
// A service's process: settings, keys, sockets, database, engine are made here and bound together;
// owner.c then decides when it serves. Also what happens when memory becomes void.
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/failpoint.h"
#include "runtime/figures.h"
#include "runtime/follows.h"
#include "runtime/owner.h"
#include "runtime/process.h"
#include "runtime/runtime.h"
#include "runtime/shelf.h"
#include "runtime/turn.h"

#define OPEN_FILES 65536
#define RETRY_STARTING_MS 200
#define RETRY_DATABASE_MS 1000
#define RETRY_DISK_MS 5000
#define LOST_EVERY_MS 10000

int64_t wh_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t wh_mono_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

double wh_since_ms(uint64_t begin)
{
    return (double)(uv_hrtime() - begin) / 1e6;
}

// ---- door and feed ---------------------------------------------------------------------------

static void on_take(void *arg, struct wh_door_item *item)
{
    struct wh_runtime *runtime = arg;
    if (item->route->query)
        wh_query_begin(runtime, item);
    else
        wh_engine_command(runtime->engine, item);
}

static enum wh_rule on_busy(void *arg, int64_t *ret_retry_ms)
{
    const struct wh_runtime *runtime = arg;
    if (runtime->phase == WH_PHASE_SERVING || runtime->phase == WH_PHASE_DRAINING)
        return WH_RULE_NONE;
    *ret_retry_ms = RETRY_DATABASE_MS;
    if (runtime->phase == WH_PHASE_DOWN)
        return runtime->disk_full || wh_disk_look(arg) == WH_DISK_FULL ? WH_RULE_BUSY_DISK
                                                                       : WH_RULE_BUSY_DATABASE;
    *ret_retry_ms = RETRY_STARTING_MS;
    return WH_RULE_BUSY_STARTING;
}

static const char *on_why(void *arg)
{
    const struct wh_runtime *runtime = arg;
    return runtime->lost_why[0] != 0 ? runtime->lost_why : NULL;
}

static enum wh_rule on_admit(void *arg, const struct wh_door_item *item, int64_t *ret_retry_ms)
{
    if (item->route->query || wh_disk_look(arg) != WH_DISK_FULL)
        return WH_RULE_NONE;
    *ret_retry_ms = RETRY_DISK_MS;
    return WH_RULE_BUSY_DISK;
}

static void bind_failed(struct wh_runtime *runtime, const char *what)
{
    if (!runtime->bind_told)
        wh_logf(WH_LOG_ERROR, "bind", "cannot bind %s at %s; trying on", what,
                wh_settings_text(runtime->settings, what));
    runtime->bind_told = true;
}

static void bind_door(struct wh_runtime *runtime)
{
    const struct wh_door_options options = {
        .bus = runtime->bus,
        .endpoint = wh_settings_text(runtime->settings, "door"),
        .key = &runtime->key,
        .service = runtime->service,
        .identity = runtime->identity,
        .state = runtime->state,
        .take = on_take,
        .busy = on_busy,
        .why = on_why,
        .admit = on_admit,
        .metrics = runtime->metrics,
        .arg = runtime,
    };
    if (!runtime->door && wh_door_open(&options, &runtime->door) != 0)
        bind_failed(runtime, "door");
}

static void bind_feed(struct wh_runtime *runtime)
{
    const struct wh_feed_options options = {
        .bus = runtime->bus,
        .endpoint = wh_settings_text(runtime->settings, "feed"),
        .key = &runtime->key,
        .service = runtime->service,
        .state = runtime->state,
        .identity = runtime->identity,
        .tail = runtime->tail,
        .viewer = runtime->viewer,
        .first_statement = runtime->sql.feed,
        .epoch = wh_engine_epoch(runtime->engine),
        .metrics = runtime->metrics,
    };
    if (wh_feed_open(&options, &runtime->feed) != 0)
        bind_failed(runtime, "feed");
}

void wh_runtime_bind(struct wh_runtime *runtime)
{
    if (!runtime->door)
        bind_door(runtime);
    if (!runtime->feed && runtime->phase == WH_PHASE_SERVING)
        bind_feed(runtime);
}

void wh_runtime_unbind(struct wh_runtime *runtime)
{
    if (runtime->door)
        wh_door_close(runtime->door);
    if (runtime->feed)
        wh_feed_close(runtime->feed);
    runtime->door = NULL;
    runtime->feed = NULL;
    runtime->bind_told = false;
}

// ---- serving and not -------------------------------------------------------------------------

void wh_runtime_serve(struct wh_runtime *runtime)
{
    runtime->phase = WH_PHASE_SERVING;
    runtime->disk_full = runtime->bind_told = false;
    if (runtime->feed)
        wh_feed_resume(runtime->feed, wh_engine_epoch(runtime->engine));
    wh_runtime_bind(runtime);
    wh_followings_start(runtime->followings);
    wh_logf(WH_LOG_INFO, "service.serving", "epoch %lld, seq %lld",
            (long long)wh_engine_epoch(runtime->engine),
            (long long)wh_engine_head(runtime->engine));
}

static void drop(struct wh_db *db, const char *why)
{
    if (db)
        wh_db_drop(db, why);
}

void wh_runtime_void(struct wh_runtime *runtime, const char *why)
{
    if (runtime->voiding)
        return;
    runtime->voiding = true;
    if (runtime->phase != WH_PHASE_DOWN && !runtime->stopping) {
        wh_logf(WH_LOG_WARN, "service.void", "%s", why);
        wh_metrics_add(runtime->metrics, FIG_VOID, NULL, 1);
    }
    runtime->phase = WH_PHASE_DOWN;
    wh_owner_disconnected(runtime);
    drop(runtime->viewer, why); // questions first: they end before what they look at goes
    drop(runtime->reader, why);
    drop(runtime->writer, why);
    wh_engine_void(runtime->engine);
    wh_followings_stop(runtime->followings, true);
    if (runtime->feed)
        wh_feed_suspend(runtime->feed);
    wh_timers_clear(runtime->timers);
    wh_shelves_clear();
    if (runtime->service->reset)
        runtime->service->reset(runtime->state);
    runtime->voiding = false;
}

// ---- connections -----------------------------------------------------------------------------

static const char *role_of(const struct wh_runtime *runtime, const struct wh_db *db)
{
    return db == runtime->writer ? "writer" : db == runtime->reader ? "reader" : "viewer";
}

static void on_ready(void *arg, struct wh_db *db)
{
    struct wh_runtime *runtime = arg;
    if (db == runtime->writer)
        wh_logf(WH_LOG_INFO, "database.connected", "%s", wh_db_server(db));
    wh_metrics_add(runtime->metrics, FIG_DB_MADE, WH_LABELS({"connection", role_of(runtime, db)}),
                   1);
    if (db != runtime->viewer && wh_db_ready(runtime->writer) && wh_db_ready(runtime->reader))
        wh_owner_connected(runtime);
}

// Three connections that try again every two seconds at the latest: not a line for each.
static void lost_log(struct wh_runtime *runtime, const char *which, const char *why)
{
    int64_t now = wh_mono_ms();
    (void)snprintf(runtime->lost_why, sizeof runtime->lost_why, "%.*s", (int)strcspn(why, "\n"),
                   why);
    if (runtime->phase == WH_PHASE_DOWN && now < runtime->lost_told + LOST_EVERY_MS)
        return;
    runtime->lost_told = now;
    wh_logf(WH_LOG_WARN, "database.lost", "%s: %.*s", which, (int)strcspn(why, "\n"), why);
}

static void on_lost(void *arg, struct wh_db *db, const char *why)
{
    struct wh_runtime *runtime = arg;
    if (runtime->voiding)
        return;
    lost_log(runtime, role_of(runtime, db), why);
    wh_metrics_add(runtime->metrics, FIG_DB_LOST, WH_LABELS({"connection", role_of(runtime, db)}),
                   1);
    if (db != runtime->viewer)
        wh_runtime_void(runtime, why);
}

#ifdef WHISTLE_FAILPOINTS
static void before_sync(void *arg)
{
    const struct wh_runtime *runtime = arg;
    if (runtime->phase == WH_PHASE_SERVING && WH_FAILPOINT("turn.before_commit"))
        wh_fatal("failpoint", "turn.before_commit");
}
#endif

static void open_db(struct wh_runtime *runtime, const char *role, const char **sql, size_t n,
                    struct wh_db **ret_db)
{
    char name[128];
    wh_session_name(runtime, role, name, sizeof name);
    struct wh_db_options options = {
        .conninfo = wh_settings_text(runtime->settings, "database"),
        .schema = runtime->service->name,
        // a turn's loads look rows up by key: never a plan that reads a table to hash it
        .settings =
            ret_db == &runtime->reader ? "-c enable_hashjoin=off -c enable_mergejoin=off" : NULL,
        .application = name,
        .beside = runtime->writer,
        .sql = sql,
        .n_sql = n,
        .on_ready = on_ready,
        .on_lost = on_lost,
        .arg = runtime,
    };
#ifdef WHISTLE_FAILPOINTS
    if (ret_db == &runtime->writer)
        options.before_sync = before_sync;
#endif
    if (wh_db_open(&runtime->loop, &options, ret_db) != 0)
        wh_fatal("memory", "no memory for a connection");
}

void wh_runtime_connect(struct wh_runtime *runtime)
{
    const struct wh_sql *sql = &runtime->sql;
    open_db(runtime, "writer", sql->writer, sql->n_writer, &runtime->writer);
    open_db(runtime, "reader", sql->reader, sql->n_reader, &runtime->reader);
    open_db(runtime, "viewer", sql->viewer, sql->n_viewer, &runtime->viewer);
}

// ---- making and ending -----------------------------------------------------------------------

static void keys(struct wh_runtime *runtime)
{
    char why[512] = "";
    if (wh_key_read(wh_settings_text(runtime->settings, "key"), &runtime->key, why, sizeof why) !=
        0)
        wh_fatal("key", "%s", why);
    if (wh_identity_new(&runtime->loop, wh_settings_text(runtime->settings, "keyring"),
                        &runtime->identity, why, sizeof why) != 0)
        wh_fatal("keyring", "%s", why);
    if (wh_bus_new(&runtime->loop, &runtime->bus) != 0 ||
        wh_zap_new(runtime->bus, wh_identity_zap, runtime->identity, &runtime->zap) != 0)
        wh_fatal("bus", "cannot make the message bus");
}

static void parts(struct wh_runtime *runtime)
{
    char why[512] = "";
    const struct wh_settings *settings = runtime->settings;
    runtime->metrics = wh_metrics_new(runtime->service->name);
    runtime->timers = wh_timers_new();
    runtime->tail = wh_tail_new((size_t)wh_settings_int(settings, "tail_mb") << 20, 32768);
    if (!runtime->metrics || !runtime->timers || !runtime->tail ||
        wh_sql_init(&runtime->sql, runtime->service) != 0 ||
        wh_engine_new(runtime, &runtime->engine) != 0 ||
        wh_owner_new(runtime, &runtime->owner) != 0)
        wh_fatal("memory", "no memory to start with");
    wh_figures_begin(runtime->metrics);
    wh_engine_limit(runtime->engine, (size_t)wh_settings_int(settings, "turn_items"),
                    wh_settings_int(settings, "timers_grace_ms"),
                    wh_settings_int(settings, "ask_ms"));
    if (wh_followings_new(runtime, &runtime->followings, why, sizeof why) != 0)
        wh_fatal("doors", "%s", why);
    int port = (int)wh_settings_int(settings, "metrics_port");
    if (port > 0 && wh_probe_open(&runtime->loop, wh_settings_text(settings, "metrics_address"),
                                  port, runtime->metrics, wh_ready, wh_figures_refresh, runtime,
                                  &runtime->probe) != 0)
        wh_fatal("metrics", "cannot listen at %s:%d", wh_settings_text(settings, "metrics_address"),
                 port);
}

static void end(struct wh_runtime *runtime)
{
    if (runtime->service->stop)
        runtime->service->stop(runtime->state);
    wh_bus_free(runtime->bus);
    wh_followings_free(runtime->followings);
    wh_timers_free(runtime->timers);
    wh_tail_free(runtime->tail);
    wh_sql_done(&runtime->sql);
    wh_metrics_free(runtime->metrics);
    wh_settings_free(runtime->settings);
    uv_loop_close(&runtime->loop);
    sodium_memzero(&runtime->key, sizeof runtime->key);
}

int wh_service_main(const struct wh_service *service, int argc, char **argv)
{
    static struct wh_runtime runtime;
    runtime = (struct wh_runtime){.service = service};
    if (wh_options_read(&runtime, argc, argv))
        return runtime.exit_code;
    if (service->n_follows > WH_FOLLOWS_MAX || sodium_init() < 0 || uv_loop_init(&runtime.loop) < 0)
        wh_fatal("start", "cannot start");
    (void)signal(SIGPIPE, SIG_IGN);
    // first: whoever is told to end while it starts ends in order too
    if (wh_lifecycle_begin(&runtime) != 0)
        wh_fatal("start", "cannot catch signals");
    wh_process_allow_files(OPEN_FILES);
    keys(&runtime);
    parts(&runtime);
    int status = service->start ? service->start(&runtime, &runtime.state) : 0;
    if (status != 0)
        wh_fatal("service.start", "%s: %s", service->name, wh_strerror(status));
    wh_runtime_bind(&runtime);
    wh_check_begin(&runtime);
    uv_run(&runtime.loop, UV_RUN_DEFAULT);
    end(&runtime);
    return runtime.exit_code;
}
