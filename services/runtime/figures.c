// SPDX-License-Identifier: Apache-2.0
// What /metrics shows of the runtime beside what is counted where it happens: read when somebody
// scrapes, so that it costs nothing else. Also has the service count in its tables (on the viewing
// connection, at most every 5 s and 5 % of the time); what it finds is in the next scrape.
#include "runtime/figures.h"

#include <string.h>

#include "runtime/engine.h"
#include "runtime/follows.h"
#include "runtime/owner.h"
#include "runtime/row.h"
#include "runtime/runtime.h"
#include "runtime/turn.h"

#define EXPIRING_MS (INT64_C(7) * 24 * 3600 * 1000)
#define GONE_MS (INT64_C(7) * 24 * 3600 * 1000) // a follower away for longer is not expected back
#define COUNT_EVERY_MS 5000
#define COUNT_SHARE 20
#define EVERY_PROCESS_BYTES ((int64_t)116 << 20) // 128 MiB with the usual 12 MiB of shelves

static void gauge(struct wh_runtime *runtime, const char *name, const char *help, double value)
{
    wh_metrics_set(runtime->metrics, name, help, NULL, value);
}

static void total(struct wh_runtime *runtime, const char *name, const char *help, double value)
{
    wh_metrics_count(runtime->metrics, name, help, NULL, value);
}

void wh_figures_begin(struct wh_metrics *metrics)
{
    static const char *const kinds[] = {"command", "event", "timer"};
    static const char *const connections[] = {"writer", "reader", "viewer"};
    static const enum wh_rule busy[] = {WH_RULE_BUSY_DATABASE, WH_RULE_BUSY_WINDOW,
                                        WH_RULE_BUSY_STARTING, WH_RULE_BUSY_STOPPING,
                                        WH_RULE_BUSY_DISK,     WH_RULE_BUSY_LAG};
    for (size_t i = 0; i < 3; i++) {
        wh_metrics_add(metrics, FIG_DEAD, WH_LABELS({"kind", kinds[i]}), 0);
        wh_metrics_add(metrics, FIG_DB_MADE, WH_LABELS({"connection", connections[i]}), 0);
        wh_metrics_add(metrics, FIG_DB_LOST, WH_LABELS({"connection", connections[i]}), 0);
    }
    for (size_t i = 0; i < sizeof busy / sizeof *busy; i++)
        wh_metrics_add(metrics, FIG_BUSY,
                       WH_LABELS({"at", "door"}, {"reason", wh_rule_info(busy[i])->name}), 0);
    wh_metrics_add(metrics, FIG_REFUSED,
                   WH_LABELS({"at", "door"}, {"reason", wh_rule_info(WH_RULE_AUTH_UNKNOWN)->name}),
                   0);
    wh_metrics_add(metrics, FIG_VOID, NULL, 0);
    wh_metrics_add(metrics, FIG_CLOCK_JUMPED, NULL, 0);
    wh_metrics_add(metrics, FIG_KEPT, NULL, 0);
    wh_metrics_add(metrics, FIG_TURNS, NULL, 0);
    wh_metrics_add(metrics, FIG_REFUSED_TURNS, NULL, 0);
    wh_metrics_add(metrics, FIG_REPEATED_TURNS, NULL, 0);
    wh_metrics_set(metrics, FIG_BUILD, WH_LABELS({"version", WHISTLE_VERSION}), 1);
}

// ---- followers -------------------------------------------------------------------------------

// An identity may follow under several names: what is connected counts, the one farthest behind;
// where none is connected, the one that got farthest.
struct standings {
    struct wh_standing of[WH_METRICS_SERIES];
    size_t n;
    int64_t now;
};

static bool speaks_for_both(const struct wh_standing *kept, const struct wh_standing *other)
{
    if (kept->connected != other->connected)
        return kept->connected;
    return kept->connected ? kept->events >= other->events : kept->events <= other->events;
}

static void add_standing(void *arg, const struct wh_standing *standing)
{
    struct standings *all = arg;
    size_t i = 0;
    if (!standing->connected && standing->seen_at < all->now - GONE_MS)
        return;
    while (i < all->n && (strcmp(all->of[i].identity, standing->identity) != 0 ||
                          strcmp(all->of[i].feed, standing->feed) != 0))
        i++;
    if (i == all->n && i < WH_METRICS_SERIES) {
        all->of[all->n++] = *standing;
        return;
    }
    if (i == all->n) { // more than are shown one by one: the last place is everybody else's
        all->of[--i].identity = "other";
        all->of[i].connected &= standing->connected;
        all->of[i].events =
            all->of[i].events > standing->events ? all->of[i].events : standing->events;
        all->of[i].ms = all->of[i].ms > standing->ms ? all->of[i].ms : standing->ms;
        all->of[i].lent_bytes += standing->lent_bytes;
        return;
    }
    int64_t lent = all->of[i].lent_bytes + standing->lent_bytes;
    if (!speaks_for_both(&all->of[i], standing))
        all->of[i] = *standing;
    all->of[i].lent_bytes = lent;
}

static const char *name_of(const char *name, const char *help)
{
    (void)help;
    return name;
}

static void followers(struct wh_runtime *runtime)
{
    static struct standings all;
    struct wh_metrics *metrics = runtime->metrics;
    wh_metrics_clear(metrics, name_of(FIG_FOLLOWER_UP));
    wh_metrics_clear(metrics, name_of(FIG_FOLLOWER_LAG));
    wh_metrics_clear(metrics, name_of(FIG_FOLLOWER_AGE));
    wh_metrics_clear(metrics, name_of(FIG_FOLLOWER_LENT));
    all.n = 0;
    all.now = wh_wall_ms();
    if (runtime->feed && runtime->phase == WH_PHASE_SERVING)
        wh_feed_standings(runtime->feed, add_standing, &all);
    for (size_t i = 0; i < all.n; i++) {
        const struct wh_standing *one = &all.of[i];
        const struct wh_label labels[] = {{"feed", one->feed}, {"follower", one->identity}, {0}};
        wh_metrics_set(metrics, FIG_FOLLOWER_UP, labels, one->connected);
        wh_metrics_set(metrics, FIG_FOLLOWER_LAG, labels, (double)one->events);
        wh_metrics_set(metrics, FIG_FOLLOWER_AGE, labels, (double)one->ms / 1000);
        wh_metrics_set(metrics, FIG_FOLLOWER_LENT, labels, (double)one->lent_bytes);
    }
}

static void feed(struct wh_runtime *runtime)
{
    struct wh_feed_counts counts = {0};
    if (runtime->feed)
        counts = wh_feed_counts(runtime->feed);
    gauge(runtime, FIG_LISTENERS, runtime->feed ? (double)wh_feed_listeners(runtime->feed) : 0.0);
    gauge(runtime, FIG_LENT, runtime->feed ? (double)wh_feed_lent(runtime->feed) : 0.0);
    total(runtime, FIG_FEED_ROWS, (double)counts.rows);
    total(runtime, FIG_FEED_BYTES, (double)counts.bytes);
    total(runtime, FIG_FEED_READS, (double)counts.reads);
    total(runtime, FIG_FEED_REWOUND, (double)counts.rewound);
    total(runtime, FIG_FEED_REVOKED, (double)counts.revoked);
    followers(runtime);
}

static void followed(void *arg, const struct wh_following_figures *figures)
{
    struct wh_metrics *metrics = ((struct wh_runtime *)arg)->metrics;
    const struct wh_label labels[] = {{"feed", figures->feed}, {0}};
    wh_metrics_set(metrics, FIG_FOLLOWED_UP, labels, figures->connected);
    wh_metrics_set(metrics, FIG_FOLLOWED_LIVE, labels, figures->caught_up);
    wh_metrics_set(metrics, FIG_FOLLOWED_SEQ, labels, (double)figures->seq);
    wh_metrics_set(metrics, FIG_FOLLOWED_WAITING, labels, (double)figures->waiting);
    wh_metrics_set(metrics, FIG_FOLLOWED_HELD, labels, (double)figures->held);
    wh_metrics_set(metrics, FIG_FOLLOWED_REWOUND, labels, figures->rewound);
    wh_metrics_count(metrics, FIG_FOLLOWED_ASKED, labels, (double)figures->asked);
}

// ---- engine, door, database, keys ------------------------------------------------------------

static void engine(struct wh_runtime *runtime)
{
    const struct wh_engine *engine = runtime->engine;
    struct wh_timer timer = {0};
    int64_t late = wh_timers_first(runtime->timers, &timer) ? wh_engine_now(engine) - timer.at : 0;
    int64_t served = wh_mono_ms() - engine->served_at; // before that nobody could ring it
    late = late < served ? late : served;
    gauge(runtime, FIG_INBOX, (double)wh_engine_waiting(engine));
    gauge(runtime, FIG_OLDEST, (double)wh_engine_oldest_ms(engine) / 1000);
    gauge(runtime, FIG_PAUSED, wh_engine_paused(engine));
    gauge(runtime, FIG_TIMERS, (double)wh_timers_count(runtime->timers));
    gauge(runtime, FIG_TIMER_LATE, late > 0 ? (double)late / 1000 : 0.0);
    gauge(runtime, FIG_PARKED, (double)wh_engine_parked_count(engine));
    gauge(runtime, FIG_DEAD_OPEN, (double)wh_engine_parked_letters(engine));
    gauge(runtime, FIG_SERVING, runtime->phase == WH_PHASE_SERVING);
    gauge(runtime, FIG_STANDBY, runtime->phase == WH_PHASE_STANDBY);
    gauge(runtime, FIG_STANDBY_LAG, (double)wh_owner_standby_lag(runtime));
    gauge(runtime, FIG_EPOCH, (double)wh_engine_epoch(engine));
    gauge(runtime, FIG_SEQ, (double)wh_engine_head(engine));
}

static void door(struct wh_runtime *runtime)
{
    struct wh_door_counts counts = {0};
    if (runtime->door)
        counts = wh_door_counts(runtime->door);
    gauge(runtime, FIG_DOOR_PENDING, runtime->door ? (double)wh_door_pending(runtime->door) : 0.0);
    total(runtime, FIG_SHAKEN, (double)wh_zap_accepted(runtime->zap));
    total(runtime, FIG_TURNED_AWAY, (double)wh_zap_refused(runtime->zap));
    total(runtime, FIG_DOOR_TAKEN, (double)counts.taken);
    total(runtime, FIG_DOOR_ANSWERED, (double)counts.answered);
    total(runtime, FIG_DOOR_LOST, (double)counts.lost);
}

static void database(struct wh_runtime *runtime)
{
    const struct {
        const char *connection;
        const struct wh_db *db;
    } dbs[] = {
        {"writer", runtime->writer}, {"reader", runtime->reader}, {"viewer", runtime->viewer}};
    for (size_t i = 0; i < 3; i++)
        wh_metrics_set(runtime->metrics, FIG_DB_READY, WH_LABELS({"connection", dbs[i].connection}),
                       wh_db_ready(dbs[i].db));
    gauge(runtime, FIG_PROOF, (double)wh_owner_silent_ms(runtime) / 1000);
    (void)wh_disk_look(runtime); // counts it
}

static void keys(struct wh_runtime *runtime)
{
    struct wh_identity_figures figures = wh_identity_figures(runtime->identity, EXPIRING_MS);
    gauge(runtime, FIG_KEYS, (double)figures.keys);
    gauge(runtime, FIG_KEYS_READ, (double)figures.read_at / 1000);
    gauge(runtime, FIG_KEYS_BAD, figures.bad);
    gauge(runtime, FIG_KEYS_EXPIRING, (double)figures.expiring);
    gauge(runtime, FIG_CLOCK, (double)wh_wall_ms() / 1000);
    gauge(runtime, FIG_CLOCK_AHEAD, (double)wh_engine_ahead(runtime->engine) / 1000);
}

// By rule, not by what was allocated: memory that leaks must not raise its own bound.
static void memory(struct wh_runtime *runtime)
{
    int64_t (*more)(void *) = runtime->service->memory;
    int64_t bytes = EVERY_PROCESS_BYTES + wh_setting_int(runtime, "shelf_bytes");
    if (more != NULL && runtime->state != NULL)
        bytes += more(runtime->state);
    gauge(runtime, FIG_MEMORY, (double)bytes);
}

// ---- what the service counts in its tables ---------------------------------------------------

static void on_counted(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_runtime *runtime = arg;
    int64_t now = wh_mono_ms(), took = now - runtime->counting.asked_at;
    runtime->counting.busy = false;
    runtime->counting.next_at =
        now + (took * COUNT_SHARE > COUNT_EVERY_MS ? took * COUNT_SHARE : COUNT_EVERY_MS);
    if (outcome->status == WH_E_DB)
        wh_logf(WH_LOG_ERROR, "figures.failed", "%s %s", outcome->sqlstate, outcome->message);
    if (outcome->status != 0)
        return;
    runtime->service->count(runtime->state, NULL);
    for (int i = 0; i < PQntuples(outcome->results[0]); i++) {
        struct wh_row row = {outcome->results[0], i};
        runtime->service->count(runtime->state, &row);
    }
}

static void count(struct wh_runtime *runtime)
{
    uint8_t space[8];
    struct wh_db_param param;
    struct wh_val now = WH_L(wh_engine_now(runtime->engine));
    if (!runtime->service->count || runtime->counting.busy || runtime->phase != WH_PHASE_SERVING ||
        wh_mono_ms() < runtime->counting.next_at || !wh_db_ready(runtime->viewer) ||
        wh_param_scalar(&now, space, sizeof space, &param) != 0)
        return;
    struct wh_db_step step = {WH_V_OWN + runtime->service->counts_select, &param, 1};
    runtime->counting.asked_at = wh_mono_ms();
    runtime->counting.busy = wh_db_run(runtime->viewer, &step, 1, on_counted, runtime) == 0;
}

void wh_figures_refresh(void *arg)
{
    struct wh_runtime *runtime = arg;
    if (runtime->stopping)
        return;
    engine(runtime);
    door(runtime);
    database(runtime);
    keys(runtime);
    memory(runtime);
    feed(runtime);
    wh_followings_each(runtime->followings, followed, runtime);
    count(runtime);
}
