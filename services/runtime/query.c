// SPDX-License-Identifier: Apache-2.0
// Questions: read-only commands answered from memory and from selects on the viewing connection,
// one after the other as the handler asks for them. A question that finds the connection gone is
// answered BUSY. Never part of a turn.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/batch.h"
#include "runtime/row.h"
#include "runtime/runtime.h"
#include "runtime/turn.h"

#define ARENA_CAP ((size_t)32 << 20)
#define BUSY_RETRY_MS 500
#define PARAMS_MAX 16

struct wh_query {
    struct wh_runtime *runtime;
    struct wh_door_item *item;
    struct wh_arena arena;
    int64_t now;
    void *data;
    void (*cleanup)(void *data);
    wh_rows_fn rows;
    unsigned selects; // in flight
    bool ended;
};

struct wh_result {
    const PGresult *result;
    struct wh_row *rows;
};

struct wh_arena *wh_query_arena(struct wh_query *query)
{
    return &query->arena;
}

int64_t wh_query_now(const struct wh_query *query)
{
    return query->now;
}

const struct wh_item *wh_query_item(const struct wh_query *query)
{
    return &query->item->item;
}

void *wh_query_data(struct wh_query *query)
{
    return query->data;
}

void wh_query_set_data(struct wh_query *query, void *data)
{
    query->data = data;
}

void wh_query_set_cleanup(struct wh_query *query, void (*cleanup)(void *data))
{
    query->cleanup = cleanup;
}

void wh_query_begin(struct wh_runtime *runtime, struct wh_door_item *item)
{
    struct wh_query *query = calloc(1, sizeof *query);
    if (!query) {
        wh_door_refuse(runtime->door, item, WH_RULE_BUSY_WINDOW, NULL, NULL, BUSY_RETRY_MS);
        return;
    }
    query->runtime = runtime;
    query->item = item;
    query->now = wh_engine_now(runtime->engine);
    wh_arena_init(&query->arena, ARENA_CAP);
    item->turn_data = query;
    runtime->n_queries++;
    item->route->query(runtime->state, query, &item->item);
}

static void end(struct wh_query *query)
{
    query->ended = true;
    if (query->selects > 0)
        return; // its answer comes, or the connection's loss
    if (query->cleanup)
        query->cleanup(query->data);
    query->runtime->n_queries--;
    wh_arena_done(&query->arena);
    free(query);
}

void wh_query_answer(struct wh_query *query, const ProtobufCMessage *message)
{
    Whistle__V1__Answer answer = WHISTLE__V1__ANSWER__INIT;
    size_t n;
    uint8_t *body = wh_pack(message, &query->arena, &n);
    if (!body) {
        wh_query_refuse(query, WH_RULE_TOO_LARGE, NULL, "the answer is too large; ask for less");
        return;
    }
    answer.body = (ProtobufCBinaryData){n, body};
    wh_door_answer(query->runtime->door, query->item, &answer);
    end(query);
}

void wh_query_refuse(struct wh_query *query, enum wh_rule rule, const char *field,
                     const char *detail, ...)
{
    char text[512];
    if (detail) {
        va_list args;
        va_start(args, detail);
        (void)vsnprintf(text, sizeof text, detail, args);
        va_end(args);
    }
    int status = wh_rule_info(rule)->status;
    wh_door_refuse(query->runtime->door, query->item, rule, field, detail ? text : NULL,
                   status == 503 || status == 429 ? BUSY_RETRY_MS : 0);
    end(query);
}

static void on_rows(void *arg, const struct wh_db_outcome *outcome)
{
    struct wh_query *query = arg;
    query->selects--;
    if (query->ended) {
        end(query);
        return;
    }
    if (outcome->status == WH_E_DB) {
        wh_logf(WH_LOG_ERROR, "query.failed", "%s: %s %s", query->item->route->name,
                outcome->sqlstate, outcome->message);
        wh_query_refuse(query, WH_RULE_INTERNAL, NULL, NULL);
        return;
    }
    if (outcome->status != 0) {
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
        return;
    }
    struct wh_result result = {outcome->results[0], NULL};
    size_t n = (size_t)PQntuples(result.result);
    result.rows = calloc(n + 1, sizeof *result.rows);
    if (!result.rows) {
        wh_query_refuse(query, WH_RULE_TOO_LARGE, NULL, "the answer is too large; ask for less");
        return;
    }
    for (size_t i = 0; i < n; i++)
        result.rows[i] = (struct wh_row){result.result, (int)i};
    query->rows(query->runtime->state, query, &result);
    free(result.rows);
}

// The parameters' bytes are only needed until they are sent.
static int fill(struct wh_query *query, const struct wh_val *params, size_t n,
                struct wh_db_param *ret_params)
{
    int status = n > PARAMS_MAX ? WH_E_INVALID : 0;
    for (size_t i = 0; status == 0 && i < n; i++) {
        size_t room = wh_param_space(&params[i]);
        uint8_t *space = wh_arena_alloc(&query->arena, room);
        status = space ? wh_param_scalar(&params[i], space, room, &ret_params[i]) : WH_E_NOMEM;
    }
    return status;
}

int wh_query_select(struct wh_query *query, size_t select, const struct wh_val *params, size_t n,
                    wh_rows_fn rows)
{
    struct wh_db_param out[PARAMS_MAX];
    int status = fill(query, params, n, out);
    struct wh_db_step step = {WH_V_OWN + select, out, n};
    query->rows = rows;
    if (status == 0)
        status = wh_db_run(query->runtime->viewer, &step, 1, on_rows, query);
    if (status == 0)
        query->selects++;
    return status;
}

size_t wh_result_rows(const struct wh_result *result)
{
    return (size_t)PQntuples(result->result);
}

const struct wh_row *wh_result_row(const struct wh_result *result, size_t index)
{
    return &result->rows[index];
}

// ---- long computations -----------------------------------------------------------------------

struct query_work {
    uv_work_t request;
    struct wh_query *query;
    void (*work)(void *arg);
    void (*done)(void *state, struct wh_query *query, void *arg);
    void *arg;
};

static void in_thread(uv_work_t *request)
{
    struct query_work *work = request->data;
    work->work(work->arg);
}

static void in_loop(uv_work_t *request, int status)
{
    (void)status;
    struct query_work *work = request->data;
    struct wh_query *query = work->query;
    query->selects--;
    if (query->ended)
        end(query);
    else
        work->done(query->runtime->state, query, work->arg);
    free(work);
}

int wh_query_work(struct wh_query *query, void (*work)(void *arg),
                  void (*done)(void *state, struct wh_query *query, void *arg), void *arg)
{
    struct query_work *one = calloc(1, sizeof *one);
    if (!one)
        return WH_E_NOMEM;
    *one = (struct query_work){.query = query, .work = work, .done = done, .arg = arg};
    one->request.data = one;
    if (uv_queue_work(&query->runtime->loop, &one->request, in_thread, in_loop) != 0) {
        free(one);
        return WH_E_NOMEM;
    }
    query->selects++;
    return 0;
}

unsigned wh_live_roles(const struct wh_runtime *runtime, const char *identity)
{
    return wh_identity_roles(runtime->identity, identity);
}
