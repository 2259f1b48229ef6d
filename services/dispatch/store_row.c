// SPDX-License-Identifier: Apache-2.0
// Aggregates from rows: the columns of WHISTLE_COLUMNS and TASK_COLUMNS (store_sql.c), in their
// order, and last the number of the whistle's tasks.
#include <stdio.h>
#include <string.h>

#include "dispatch/store.h"
#include "dispatch/store_clocks.h"

// A reading place that moves from column to column.
struct columns {
    const struct wh_row *row;
    int at;
};

static int64_t next_int(struct columns *c)
{
    int column = c->at++;
    return wh_row_null(c->row, column) ? 0 : wh_row_int(c->row, column);
}

static void next_text(struct columns *c, char *ret, size_t size)
{
    size_t n;
    const uint8_t *bytes = wh_row_bytes(c->row, c->at++, &n);
    n = n < size ? n : size - 1;
    memcpy(ret, bytes, n);
}

static void next_clock(struct columns *c, struct task_clock *clock)
{
    size_t n;
    const uint8_t *bytes = wh_row_bytes(c->row, c->at++, &n);
    if (n == CLOCK_BYTES) {
        clocks_unpack_one(clock, bytes);
    }
}

static void take_whistle(struct columns *c, struct whistle *w)
{
    int64_t joint[JOINT_MAX];
    w->number = next_int(c);
    w->submitted_at = next_int(c);
    w->dispatched_at = next_int(c);
    w->due_review = next_int(c);
    w->confirm.due = next_int(c);
    w->resolved_at = next_int(c);
    w->ended_at = next_int(c);
    w->proposer = (uint64_t)next_int(c);
    w->version = (int32_t)next_int(c);
    w->unit = (int32_t)next_int(c);
    w->street = (int32_t)next_int(c);
    w->place = (int32_t)next_int(c);
    w->asked_by = (int32_t)next_int(c);
    w->routing_version = (int32_t)next_int(c);
    w->reopened = (uint32_t)next_int(c);
    w->priority = (uint8_t)next_int(c);
    w->source = (uint8_t)next_int(c);
    w->flags = (uint8_t)next_int(c);
    w->stage = (uint8_t)next_int(c);
    w->confirmed = (uint8_t)next_int(c);
    w->proposer_is_district = (uint8_t)next_int(c);
    next_text(c, w->times_set, sizeof w->times_set);
    next_text(c, w->category, sizeof w->category);
    next_text(c, w->title, sizeof w->title);
    w->n_joint = (uint8_t)wh_row_ints(c->row, c->at++, joint, JOINT_MAX);
    for (size_t i = 0; i < w->n_joint; i++) {
        w->joint[i] = (int32_t)joint[i];
    }
    next_clock(c, &w->confirm);
    w->merged_into = next_int(c);
    w->joined_at = next_int(c);
    w->held_until = next_int(c);
    w->tell_at = next_int(c);
    w->told_at = next_int(c);
    w->untold = (uint32_t)next_int(c);
    w->joined_stage = (uint8_t)next_int(c);
}

static void take_clocks(struct columns *c, struct task *t)
{
    size_t n;
    const uint8_t *bytes = wh_row_bytes(c->row, c->at++, &n);
    if (n != CLOCKS * CLOCK_BYTES) {
        clocks_set_fresh(t);
        return;
    }
    for (size_t i = 0; i < CLOCKS; i++) {
        clocks_unpack_one(&t->clocks[i], bytes + i * CLOCK_BYTES);
    }
}

static void take_task(struct columns *c, struct task *t)
{
    t->dispatched_at = next_int(c);
    for (size_t i = 0; i < CLOCKS; i++) {
        t->clocks[i].due = next_int(c);
    }
    t->signed_at = next_int(c);
    t->checked_in_at = next_int(c);
    t->feedback_at = next_int(c);
    t->reported_at = next_int(c);
    t->paused_ms = next_int(c);
    t->asked_until = next_int(c);
    t->extended_until = next_int(c);
    t->ledger_from = next_int(c);
    t->ledger_left = next_int(c);
    t->ledger_until = next_int(c);
    t->alternative = (int32_t)next_int(c);
    t->part = (uint8_t)next_int(c);
    t->state = (uint8_t)next_int(c);
    t->outcome = (uint8_t)next_int(c);
    t->rating = (uint8_t)next_int(c);
    t->rework = (uint8_t)next_int(c);
    t->flags = (uint16_t)next_int(c);
    take_clocks(c, t);
}

const struct whistle *store_take(struct store_gather *gather, const struct wh_row *row)
{
    enum { OF_WHISTLE = 33, COLUMNS = OF_WHISTLE + 29 };
    struct columns c = {.row = row};
    struct whistle *w = &gather->room.whistle;
    size_t n_tasks = (size_t)wh_row_int(row, COLUMNS);
    if (w->number != wh_row_int(row, 0) || w->n_tasks >= n_tasks) {
        memset(w, 0, sizeof *w);
        take_whistle(&c, w);
    }
    if (n_tasks == 0) {
        return w;
    }
    size_t i = w->n_tasks;
    if (i >= TASKS_MAX) {
        return NULL;
    }
    c.at = OF_WHISTLE;
    memset(&w->tasks[i], 0, sizeof w->tasks[i]);
    w->tasks[i].department = (int32_t)next_int(&c);
    c.at++; // ord: the rows come in its order
    gather->assigned[i] = next_int(&c);
    gather->told[i] = next_int(&c) != 0;
    take_task(&c, &w->tasks[i]);
    w->n_tasks++;
    return w->n_tasks == n_tasks ? w : NULL;
}
