// SPDX-License-Identifier: Apache-2.0
// A turn's one transaction and what its outcome means. First the head is set from the values this
// process knows; if that finds no row, another one owns the journal and this process ends. Classes
// 22 and 23 (21, 54) mean a bad message: fewer are tried, until one stands alone and goes to the
// dead letters. Class 40 repeats the turn. Anything else is the environment's: memory is void.
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "runtime/engine.h"
#include "runtime/failpoint.h"
#include "runtime/shelf.h"

#define REPEATS_MAX 8
#define ASK_MS 10000

// ---- what is written -------------------------------------------------------------------------

static void cursor_row(void *arg, size_t follow, int64_t seq, const uint8_t *hash)
{
    struct wh_turn *turn = arg;
    const struct wh_service *service = turn->engine->runtime->service;
    struct wh_val row[] = {
        WH_T(service->follows[follow].feed),
        WH_L(seq),
        WH_B(hash, hash ? WH_HASH_SIZE : 0),
    };
    if (wh_batch_add(&turn->cursor, row, 3) != 0)
        wh_fatal("memory", "no memory for a cursor");
}

// Where each feed stands after this turn: at its last event taken; feeds without one in this turn
// at what their empty batches told.
static void cursors(struct wh_turn *turn)
{
    const struct wh_service *service = turn->engine->runtime->service;
    for (size_t follow = 0; follow < service->n_follows; follow++) {
        const struct wh_work *last = NULL;
        for (size_t i = 0; i < turn->n; i++) {
            const struct wh_work *work = turn->works[i];
            if (!work->door && work->own.kind == WH_ITEM_EVENT && !work->retry &&
                work->follow == follow)
                last = work;
        }
        if (last)
            cursor_row(turn, follow, last->upto, last->has_hash ? last->hash : NULL);
    }
    wh_followings_marks(turn->engine->runtime->followings, cursor_row, turn);
}

struct writing {
    struct wh_db_step steps[128];
    struct wh_db_param params[1024];
    size_t n_steps, n_params;
};

static void add_step(struct writing *writing, size_t statement, struct wh_batch *batch)
{
    if (batch->n_rows == 0)
        return;
    if (writing->n_steps >= 128 || writing->n_params + batch->n_columns > 1024)
        wh_fatal("turn.statements", "too many statements or columns in one turn");
    struct wh_db_param *params = writing->params + writing->n_params;
    wh_batch_params(batch, params);
    writing->steps[writing->n_steps++] = (struct wh_db_step){statement, params, batch->n_columns};
    writing->n_params += batch->n_columns;
}

static void add_head(struct writing *writing, struct wh_turn *turn)
{
    static int64_t numbers[4];
    const struct wh_engine *engine = turn->engine;
    const int64_t values[4] = {engine->epoch, engine->seq, turn->seq, wh_wall_ms()};
    for (size_t i = 0; i < 4; i++) {
        numbers[i] = (int64_t)htobe64((uint64_t)values[i]);
        writing->params[i < 3 ? i : 4] = (struct wh_db_param){(const char *)&numbers[i], 8, 1};
    }
    writing->params[3] = (struct wh_db_param){(const char *)turn->hash, WH_HASH_SIZE, 1};
    writing->params[5] = (struct wh_db_param){(const char *)engine->hash, WH_HASH_SIZE, 1};
    writing->steps[0] = (struct wh_db_step){WH_W_SET_HEAD, writing->params, 6};
    writing->n_steps = 1;
    writing->n_params = 6;
}

static void build(struct wh_turn *turn, struct writing *writing)
{
    const struct wh_service *service = turn->engine->runtime->service;
    add_head(writing, turn);
    add_step(writing, WH_W_JOURNAL, &turn->journal);
    add_step(writing, WH_W_ANSWER, &turn->answer);
    add_step(writing, WH_W_CURSOR, &turn->cursor);
    add_step(writing, WH_W_DEAD, &turn->dead);
    add_step(writing, WH_W_RETRIED, &turn->retried);
    for (size_t i = 0; i < service->n_statements; i++)
        add_step(writing, WH_W_OWN + i, &turn->own[i]);
}

// ---- after the commit ------------------------------------------------------------------------

static void remember(struct wh_engine *engine)
{
    struct wh_runtime *runtime = engine->runtime;
    struct wh_turn *turn = &engine->turn;
    wh_shelves_commit();
    for (size_t i = 0; i < turn->n_timers; i++)
        if (wh_timers_set(runtime->timers, turn->timers[i].key, turn->timers[i].at) != 0)
            wh_fatal("memory", "no memory for a timer");
    if (runtime->service->committed)
        runtime->service->committed(runtime->state);
    for (size_t i = 0; i < turn->n_emits; i++)
        if (wh_tail_append(runtime->tail, &turn->emits[i].row) != 0)
            wh_fatal("tail", "the tail does not continue at %lld",
                     (long long)turn->emits[i].row.seq);
    if (turn->n_emits)
        wh_engine_stood(engine, turn->now);
    engine->seq = turn->seq;
    memcpy(engine->hash, turn->hash, sizeof engine->hash);
}

static void settle(struct wh_engine *engine, struct wh_work *work)
{
    if (work->retry && work->outcome != WH_OUT_PARKED)
        wh_parked_add(engine, work->retry->object, -1);
    else if (!work->retry && work->outcome == WH_OUT_PARKED)
        wh_parked_add(engine, wh_work_object(work), 1);
    if (work->outcome == WH_OUT_ASK)
        wh_lanes_push(&engine->fresh, work);
    else if (work->door)
        wh_answer_send(engine, work);
    else
        wh_work_free(engine, work);
}

static void move_cursors(struct wh_engine *engine, size_t n_follows, const int64_t *seqs)
{
    for (size_t i = 0; i < n_follows; i++)
        if (seqs[i] >= 0)
            wh_followings_committed(engine->runtime->followings, i, seqs[i]);
    wh_followings_marks_done(engine->runtime->followings);
}

static void finish(struct wh_engine *engine)
{
    struct wh_runtime *runtime = engine->runtime;
    struct wh_turn *turn = &engine->turn;
    size_t n_follows = runtime->service->n_follows;
    int64_t seqs[WH_FOLLOWS_MAX];
    bool moved = turn->n_emits > 0;
    for (size_t i = 0; i < n_follows; i++)
        seqs[i] = -1;
    remember(engine);
    wh_metrics_observe(runtime->metrics, FIG_TURN_TIME, &wh_buckets_seconds,
                       wh_since_ms(engine->began) / 1000);
    for (size_t i = 0; i < turn->n; i++)
        if (!turn->works[i]->door && turn->works[i]->own.kind == WH_ITEM_EVENT &&
            !turn->works[i]->retry)
            seqs[turn->works[i]->follow] = turn->works[i]->upto;
    for (size_t i = 0; i < turn->n; i++) {
        if (i == turn->n / 2 && WH_FAILPOINT("answers.sent_half"))
            wh_fatal("failpoint", "answers.sent_half");
        settle(engine, turn->works[i]);
    }
    move_cursors(engine, n_follows, seqs);
    if (engine->limit < engine->items_max)
        engine->limit =
            engine->limit * 2 > engine->items_max ? engine->items_max : engine->limit * 2;
    engine->repeats = 0;
    wh_turn_clear(turn);
    engine->state = WH_ENGINE_IDLE;
    if (WH_FAILPOINT("feed.before_moved"))
        wh_fatal("failpoint", "feed.before_moved");
    if (moved && runtime->feed)
        wh_feed_moved(runtime->feed);
}

// ---- when it did not commit ------------------------------------------------------------------

void wh_turn_give_up(struct wh_engine *engine)
{
    const struct wh_runtime *runtime = engine->runtime;
    wh_shelves_rollback();
    if (runtime->service->rolled_back)
        runtime->service->rolled_back(runtime->state);
}

static const char *statement_name(const struct wh_engine *engine, size_t step)
{
    const struct wh_turn *turn = &engine->turn;
    const struct wh_service *service = engine->runtime->service;
    const struct wh_batch *common[] = {&turn->journal, &turn->answer, &turn->cursor, &turn->dead,
                                       &turn->retried};
    static const char *const names[] = {"journal", "answer", "cursor", "dead_letter", "retried"};
    size_t at = 0;
    for (size_t i = 0; i < 5; i++)
        if (common[i]->n_rows > 0 && ++at == step)
            return names[i];
    for (size_t i = 0; i < service->n_statements; i++)
        if (turn->own[i].n_rows > 0 && ++at == step)
            return service->statements[i].name;
    return "head";
}

// The message's own words stay out of it: they may hold what a person wrote.
static void condemn(struct wh_engine *engine, const struct wh_db_outcome *outcome)
{
    struct wh_work *work = engine->turn.works[0];
    if (work->condemned)
        wh_fatal("deadletter.refused", "the database refuses even the dead letter: %s %s",
                 outcome->sqlstate, outcome->message);
    work->condemned = true;
    (void)snprintf(work->sqlstate, sizeof work->sqlstate, "%s", outcome->sqlstate);
    (void)snprintf(work->why, sizeof work->why, "%s: statement %s",
                   work->door       ? work->door->route->name
                   : work->own.feed ? work->own.feed
                                    : "timer",
                   statement_name(engine, outcome->step));
}

// Dead letters for condemned timers and the cursor's move alone have one work or none.
static void refused(struct wh_engine *engine, const struct wh_db_outcome *outcome)
{
    struct wh_turn *turn = &engine->turn;
    wh_metrics_add(engine->runtime->metrics, FIG_REFUSED_TURNS, NULL, 1);
    wh_logf(WH_LOG_WARN, "turn.refused", "%zu items: %s in statement %s", turn->n,
            outcome->sqlstate, statement_name(engine, outcome->step));
    if (turn->n == 0)
        wh_fatal("turn.empty", "the database refuses a turn without items: %s", outcome->message);
    engine->limit = turn->n > 1 ? turn->n / 2 : 1;
    if (turn->n == 1)
        condemn(engine, outcome);
}

static void again(struct wh_engine *engine)
{
    wh_turn_give_up(engine);
    wh_turn_requeue(engine, 0);
    wh_turn_clear(&engine->turn);
    engine->state = WH_ENGINE_IDLE;
}

// Some request of the turn has its answer from earlier, and was not looked up.
static bool answered_before(const struct wh_engine *engine, size_t step)
{
    const struct wh_turn *turn = &engine->turn;
    if (step == 0 || strcmp(statement_name(engine, step), "answer") != 0)
        return false;
    for (size_t i = 0; i < turn->n; i++)
        if (turn->works[i]->door && !turn->works[i]->asked)
            return true;
    return false;
}

// Data and constraints; also two rows of one key in one statement (21: half a turn may do it) and
// limits that one message breaks (54): repeated for ever they would stop everybody.
static bool message_fault(const char *class)
{
    static const char *const classes[] = {"22", "23", "21", "54"};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strncmp(class, classes[i], 2) == 0)
            return true;
    return false;
}

static void failed(struct wh_engine *engine, const struct wh_db_outcome *outcome)
{
    const char *class = outcome->sqlstate;
    if (outcome->step == 0 && strcmp(class, "22012") == 0)
        wh_fatal("fenced", "the journal's head is not epoch %lld, seq %lld: another one owns it",
                 (long long)engine->epoch, (long long)engine->seq);
    if (strcmp(class, "23505") == 0 && answered_before(engine, outcome->step)) {
        engine->ask_until = wh_mono_ms() + ASK_MS;
        again(engine);
        return;
    }
    if (outcome->step > 0 && message_fault(class)) {
        refused(engine, outcome);
        again(engine);
        return;
    }
    if (strncmp(class, "40", 2) == 0 && engine->repeats++ < REPEATS_MAX) {
        wh_metrics_add(engine->runtime->metrics, FIG_REPEATED_TURNS, NULL, 1);
        again(engine);
        return;
    }
    wh_logf(WH_LOG_ERROR, "turn.failed", "%s %s", class, outcome->message);
    wh_owner_hold(engine->runtime, class);
    wh_db_drop(engine->runtime->writer, outcome->message);
}

static void on_done(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_engine *engine = arg;
    if (outcome->status == WH_E_IO)
        return; // outcome unknown; the loss of the connection makes all void
    wh_owner_proved(engine->runtime, engine->sent_ms);
    if (outcome->status != 0) {
        failed(engine, outcome);
        return;
    }
    wh_metrics_observe(engine->runtime->metrics, FIG_COMMIT_TIME, &wh_buckets_seconds,
                       wh_since_ms(engine->sent) / 1000);
    if (WH_FAILPOINT("commit.done"))
        wh_fatal("failpoint", "commit.done");
    finish(engine);
}

void wh_turn_commit(struct wh_engine *engine)
{
    static struct writing writing;
    struct wh_turn *turn = &engine->turn;
    cursors(turn);
    build(turn, &writing);
    engine->state = WH_ENGINE_COMMITTING;
    if (writing.n_steps == 1) {
        finish(engine);
        return;
    }
    engine->sent_ms = wh_mono_ms();
    engine->sent = uv_hrtime();
    if (wh_db_run(engine->runtime->writer, writing.steps, writing.n_steps, on_done, engine) != 0) {
        wh_runtime_void(engine->runtime, "the writing connection is gone");
        return;
    }
    if (WH_FAILPOINT("commit.sent"))
        wh_fatal("failpoint", "commit.sent");
}
