// SPDX-License-Identifier: Apache-2.0
// Rows from aggregates: which rows a decision changes and what stands in them. The lists of columns
// here, in store_sql.c and in store_row.c are in the same order.
// A fresh task's clocks are not written: they follow from its due times. Otherwise `clocks` holds,
// for each of the six, 12 bytes: beginning (8), round (2), level (1), reminders (1), little endian;
// confirm_clock the same for the street's. The due times stand in columns of their own.
#include "dispatch/store.h"

#include <endian.h>
#include <string.h>

#include "dispatch/store_clocks.h"
#include "dispatch/words.h"

static struct wh_val l0(int64_t value)
{
    return value == 0 ? WH_NULL('L') : WH_L(value);
}

static struct wh_val i0(int32_t value)
{
    return value == 0 ? WH_NULL('I') : WH_I(value);
}

static struct wh_val s0(int value)
{
    return value == 0 ? WH_NULL('S') : WH_S(value);
}

bool store_is_open(const struct whistle *w, int64_t timer)
{
    return timer != 0 || whistle_is_open(w);
}

static size_t joint_ints(const struct whistle *w, int32_t ret[JOINT_MAX])
{
    memcpy(ret, w->joint, sizeof w->joint);
    return w->n_joint;
}

static struct wh_val joint_val(const int32_t *joint, size_t n)
{
    return n == 0 ? WH_NULL('A') : WH_A(joint, n);
}

// Does the short row say everything about this whistle?
static bool whistle_is_short(const struct whistle *w)
{
    static const struct task_clock none;
    return w->confirmed == 0 && w->resolved_at == 0 && w->ended_at == 0 && w->proposer == 0 &&
           w->proposer_is_district == 0 && w->reopened == 0 &&
           memcmp(&w->confirm, &none, sizeof none) == 0;
}

static int put_whistle_new(struct wh_turn *turn, const struct whistle *w, int64_t seq,
                           size_t events, int64_t timer)
{
    int32_t joint[JOINT_MAX];
    size_t n_joint = joint_ints(w, joint);
    return WH_PUT(turn, PUT_WHISTLE_NEW, WH_L(w->number), WH_L(seq), WH_I(events),
                  WH_L(w->submitted_at), l0(w->dispatched_at), l0(w->due_review),
                  l0(whistle_due_resolve(w)), l0(timer), WH_I(w->version), i0(w->unit),
                  i0(w->street), i0(w->place), i0(w->asked_by), i0(w->routing_version),
                  WH_S(w->priority), WH_S(w->source), WH_S(w->flags), WH_S(w->stage),
                  WH_S(whistle_state(w)), WH_T(w->times_set), WH_T(w->category), WH_T(w->title),
                  joint_val(joint, n_joint));
}

static int put_whistle(struct wh_turn *turn, const struct whistle *w, int64_t seq, size_t events,
                       int64_t timer)
{
    int32_t joint[JOINT_MAX];
    size_t n_joint = joint_ints(w, joint);
    uint8_t clock[CLOCK_BYTES];
    bool plain = clocks_pack_one(&w->confirm, clock);
    return WH_PUT(
        turn, PUT_WHISTLE, WH_L(w->number), WH_L(seq), WH_I(events), WH_L(w->submitted_at),
        l0(w->dispatched_at), l0(w->due_review), l0(whistle_due_resolve(w)), l0(w->confirm.due),
        l0(timer), l0(w->resolved_at), l0(w->ended_at), l0((int64_t)w->proposer), WH_I(w->version),
        i0(w->unit), i0(w->street), i0(w->place), i0(w->asked_by), i0(w->routing_version),
        i0((int32_t)w->reopened), WH_S(w->priority), WH_S(w->source), WH_S(w->flags),
        WH_S(w->stage), WH_S(whistle_state(w)), s0(w->confirmed), WH_Z(store_is_open(w, timer)),
        w->proposer_is_district ? WH_Z(true) : WH_NULL('Z'), WH_T(w->times_set), WH_T(w->category),
        WH_T(w->title), joint_val(joint, n_joint), plain ? WH_NULL('B') : WH_B(clock, CLOCK_BYTES));
}

// What only joined, held and supported whistles have; the usual one writes none of it.
static bool same_joined(const struct whistle *before, const struct whistle *w)
{
    static const struct whistle none;
    const struct whistle *was = before == NULL ? &none : before;
    return was->merged_into == w->merged_into && was->joined_at == w->joined_at &&
           was->held_until == w->held_until && was->tell_at == w->tell_at &&
           was->told_at == w->told_at && was->untold == w->untold &&
           was->joined_stage == w->joined_stage;
}

static int put_joined(struct wh_turn *turn, const struct whistle *w)
{
    return WH_PUT(turn, PUT_JOINED, WH_L(w->number), l0(w->merged_into), l0(w->joined_at),
                  l0(w->held_until), l0(w->tell_at), l0(w->told_at), i0((int32_t)w->untold),
                  s0(w->joined_stage));
}

// ---- tasks --------------------------------------------------------------------------------------

// What a task's row holds beyond the task itself.
struct derived {
    bool open;
    int escalation;
    int64_t due_next;
};

static struct derived derive(const struct whistle *w, const struct task *t)
{
    struct derived d = {.open = task_is_open(t) && whistle_is_open(w),
                        .escalation = task_escalation(w, t)};
    for (int c = CLOCK_SIGN; c < CLOCKS; c++) {
        int64_t due = t->clocks[c].due;
        if (due != 0 && task_clock_runs(w, t, (enum clock)c) &&
            (d.due_next == 0 || due < d.due_next)) {
            d.due_next = due;
        }
    }
    return d;
}

static bool same_row(const struct whistle *before, const struct task *was,
                     const struct whistle *after, const struct task *is)
{
    struct derived a = derive(before, was), b = derive(after, is);
    return memcmp(was, is, sizeof *is) == 0 && a.open == b.open && a.escalation == b.escalation &&
           a.due_next == b.due_next;
}

// Does the short row say everything about this task?
static bool task_is_short(const struct whistle *w, const struct task *t)
{
    struct derived d = derive(w, t);
    struct task plain = {.department = t->department,
                         .part = t->part,
                         .state = TASK(PENDING),
                         .dispatched_at = t->dispatched_at};
    memcpy(plain.clocks, t->clocks, sizeof plain.clocks);
    return d.open && d.escalation == 0 && memcmp(&plain, t, sizeof plain) == 0 &&
           t->clocks[CLOCK_RULING].due == 0 && t->clocks[CLOCK_LEDGER].due == 0 &&
           clocks_are_fresh(t);
}

static int put_task_new(struct wh_turn *turn, const struct whistle *w, size_t i, int64_t seq)
{
    const struct task *t = &w->tasks[i];
    return WH_PUT(turn, PUT_TASK_NEW, WH_L(w->number), WH_I(t->department), WH_L(seq), WH_S(i),
                  WH_S(t->part), WH_L(t->dispatched_at), l0(t->clocks[CLOCK_SIGN].due),
                  l0(t->clocks[CLOCK_CHECKIN].due), l0(t->clocks[CLOCK_REPORT].due),
                  l0(t->clocks[CLOCK_RESOLVE].due), l0(derive(w, t).due_next));
}

static int put_task(struct wh_turn *turn, const struct whistle *w, const struct task *t)
{
    struct derived d = derive(w, t);
    uint8_t clocks[CLOCKS * CLOCK_BYTES];
    bool plain = clocks_pack(t, clocks);
    return WH_PUT(turn, PUT_TASK, WH_L(w->number), WH_I(t->department), WH_L(t->dispatched_at),
                  l0(t->clocks[CLOCK_SIGN].due), l0(t->clocks[CLOCK_CHECKIN].due),
                  l0(t->clocks[CLOCK_REPORT].due), l0(t->clocks[CLOCK_RESOLVE].due),
                  l0(t->clocks[CLOCK_RULING].due), l0(t->clocks[CLOCK_LEDGER].due), l0(d.due_next),
                  l0(t->signed_at), l0(t->checked_in_at), l0(t->feedback_at), l0(t->reported_at),
                  l0(t->paused_ms), l0(t->asked_until), l0(t->extended_until), l0(t->ledger_from),
                  l0(t->ledger_left), l0(t->ledger_until), i0(t->alternative), WH_S(t->part),
                  WH_S(t->state), s0(t->outcome), s0(t->rating), s0(t->rework), WH_S(t->flags),
                  WH_S(d.escalation), WH_Z(d.open),
                  plain ? WH_NULL('B') : WH_B(clocks, sizeof clocks));
}

static int put_tasks(struct wh_turn *turn, const struct whistle *before,
                     const struct whistle *after, int64_t seq)
{
    int error = 0;
    for (size_t i = 0; i < after->n_tasks && error == 0; i++) {
        const struct task *is = &after->tasks[i];
        bool known = before != NULL && i < before->n_tasks;
        if (known && same_row(before, &before->tasks[i], after, is)) {
            continue;
        }
        if (!known) {
            error = put_task_new(turn, after, i, seq);
        }
        if (error == 0 && (known || !task_is_short(after, is))) {
            error = put_task(turn, after, is);
        }
    }
    return error;
}

int store_put_whistle(struct wh_turn *turn, const struct whistle *before,
                      const struct whistle *after, int64_t seq, size_t events, int64_t timer)
{
    int error = 0;
    if (before == NULL) {
        error = put_whistle_new(turn, after, seq, events, timer);
    }
    if (error == 0 &&
        (before != NULL || !whistle_is_short(after) || !store_is_open(after, timer))) {
        error = put_whistle(turn, after, seq, before == NULL ? 0 : events, timer);
    }
    if (error == 0 && !same_joined(before, after)) {
        error = put_joined(turn, after);
    }
    return error != 0 ? error : put_tasks(turn, before, after, seq + (int64_t)events - 1);
}
