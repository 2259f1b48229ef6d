// SPDX-License-Identifier: Apache-2.0
// The fold of a task: its states, its clocks, its flags.
#include "dispatch/clock.h"
#include "dispatch/fold_internal.h"
#include "dispatch/words.h"

#include "base/error.h"

static void raise_flag(struct task *t, unsigned flag)
{
    t->flags = (uint16_t)(t->flags | flag);
}

static void drop_flag(struct task *t, unsigned flag)
{
    t->flags = (uint16_t)(t->flags & ~flag);
}

// Moves a clock's end, its beginning stays; what was escalated and reminded before counts no more.
static void move_due(struct task_clock *clock, int64_t due)
{
    if (due != clock->due)
        clock_set(clock, clock->from, due);
}

static int on_signed(struct task *t, int64_t at)
{
    if (t->signed_at == 0)
        t->signed_at = at;
    if (t->state == TASK(PENDING) || t->state == TASK(DELIVERED))
        t->state = TASK(SIGNED);
    return 0;
}

static int on_checked_in(struct task *t, int64_t at)
{
    if (t->signed_at == 0)
        t->signed_at = at;
    t->checked_in_at = at;
    if (t->state == TASK(PENDING) || t->state == TASK(DELIVERED) || t->state == TASK(SIGNED))
        t->state = TASK(CHECKED_IN);
    return 0;
}

// What it had of the ledger before its priority rose counts no more.
static void forget_ledger(struct task *t)
{
    drop_flag(t, TASK_LEDGER_WAITED);
    t->ledger_until = 0;
}

static int on_reported(struct task *t, int64_t at, const Whistle__V1__TaskReported *e)
{
    t->outcome = (uint8_t)e->outcome;
    if (e->outcome != OUTCOME(PROGRESS)) {
        t->state = TASK(REPORTED);
        t->reported_at = at;
        t->feedback_at = at;
        drop_flag(t, TASK_ON_LEDGER | TASK_LEDGER_ASKED | TASK_EXTENSION_ASKED);
        forget_ledger(t);
        return 0;
    }
    if (t->state != TASK(DISPUTED))
        t->state = TASK(HANDLING);
    t->feedback_at = at;
    if (e->due_report != 0) { // and again by then
        clock_set(&t->clocks[CLOCK_REPORT], at, e->due_report);
        t->feedback_at = 0;
    }
    return 0;
}

static int on_refused(const struct fold_context *c, struct task *t,
                      const Whistle__V1__TaskRefused *e)
{
    raise_flag(t, TASK_REFUSED | (e->late ? TASK_REFUSED_LATE : 0U));
    t->alternative = wh_district_id(c->district, e->alternative);
    t->state = TASK(DISPUTED);
    clock_set(&t->clocks[CLOCK_RULING], c->at, e->due_ruling);
    return 0;
}

// Where a task stands when its dispute is over: as far as it had come meanwhile.
static uint8_t resumed(const struct task *t)
{
    if (t->outcome == OUTCOME(PROGRESS))
        return TASK(HANDLING);
    return t->checked_in_at != 0 ? TASK(CHECKED_IN) : TASK(SIGNED);
}

static int on_ruled(struct whistle *w, const struct fold_context *c, struct task *t,
                    const Whistle__V1__TaskRuled *e)
{
    raise_flag(t, e->auto_ ? TASK_RULED_AUTO : TASK_RULED);
    if (e->verdict == RULED(UPHELD)) {
        raise_flag(t, TASK_UPHELD);
        t->state = TASK(CANCELLED);
        return e->assigned == NULL ? 0 : fold_reassign(w, c, e->assigned);
    }
    if (t->state != TASK(DISPUTED))
        return 0;
    if (t->signed_at == 0)
        t->signed_at = t->clocks[CLOCK_RULING].from;
    t->state = resumed(t);
    return 0;
}

static int on_extension(struct task *t, const Whistle__V1__ExtensionDecided *e)
{
    drop_flag(t, TASK_EXTENSION_ASKED);
    t->asked_until = 0;
    if (e->decision != DECIDED(APPROVED))
        return 0;
    move_due(&t->clocks[CLOCK_RESOLVE], e->due_resolve);
    t->extended_until = e->due_resolve;
    return 0;
}

static int on_ledger(const struct fold_context *c, struct task *t,
                     const Whistle__V1__LedgerDecided *e)
{
    bool was = t->flags & TASK_ON_LEDGER;
    drop_flag(t, TASK_LEDGER_ASKED);
    t->asked_until = 0;
    if (e->decision == DECIDED(APPROVED)) {
        int64_t left = t->clocks[CLOCK_RESOLVE].due - c->at;
        if (!was) {
            t->ledger_from = c->at;
            t->ledger_left = left > 0 ? left : 0;
        }
        raise_flag(t, TASK_ON_LEDGER);
        clock_set(&t->clocks[CLOCK_LEDGER], c->at, e->due_review);
    } else if (e->due_review == 0 && e->due_resolve != 0) {
        drop_flag(t, TASK_ON_LEDGER);
    }
    if (e->due_resolve != 0)
        move_due(&t->clocks[CLOCK_RESOLVE], e->due_resolve);
    return 0;
}

int fold_rework(struct whistle *w, const struct fold_context *c, size_t n,
                Whistle__V1__TaskClocks *const *tasks)
{
    for (size_t i = 0; i < n; i++) {
        struct task *t = fold_task_of(w, c, tasks[i]->task);
        if (t == NULL || t->state != TASK(REPORTED))
            return WH_E_INVALID;
        if (w->priority != PRIORITY(P1))
            t->paused_ms += c->at - t->reported_at;
        t->state = TASK(REWORK);
        t->rework++;
        t->reported_at = 0;
        t->rating = 0; // the next result is rated anew
        drop_flag(t, TASK_REPLIED);
        if (tasks[i]->supervised)
            raise_flag(t, TASK_SUPERVISED);
        if (tasks[i]->due_report != t->clocks[CLOCK_REPORT].due) {
            clock_set(&t->clocks[CLOCK_REPORT], c->at, tasks[i]->due_report);
            t->feedback_at = 0;
        }
        move_due(&t->clocks[CLOCK_RESOLVE], tasks[i]->due_resolve);
    }
    return 0;
}

static void restart(struct task *t, int64_t at, const Whistle__V1__TaskClocks *dues)
{
    clock_set(&t->clocks[CLOCK_SIGN], at, dues->due_sign);
    clock_set(&t->clocks[CLOCK_CHECKIN], at, dues->due_checkin);
    clock_set(&t->clocks[CLOCK_REPORT], at, dues->due_report);
    clock_set(&t->clocks[CLOCK_RESOLVE], at, dues->due_resolve);
}

int fold_reopen(struct whistle *w, const struct fold_context *c, size_t n,
                Whistle__V1__TaskClocks *const *tasks)
{
    for (size_t i = 0; i < n; i++) {
        struct task *t = fold_task_of(w, c, tasks[i]->task);
        if (t == NULL || t->state != TASK(CONFIRMED))
            return WH_E_INVALID;
        t->state = TASK(REWORK);
        t->dispatched_at = c->at;
        t->reported_at = t->feedback_at = 0;
        t->paused_ms = t->extended_until = 0;
        t->rating = 0;
        drop_flag(t, TASK_REPLIED | (t->rework < 2 ? TASK_SUPERVISED : 0U));
        restart(t, c->at, tasks[i]);
    }
    return 0;
}

// A clock set anew from the dispatch begins there; one that was held back begins now.
static void reset_clock(struct task_clock *clock, int64_t due, int64_t by_rule,
                        int64_t dispatched_at, int64_t now)
{
    clock_set(clock, due == by_rule ? dispatched_at : now, due);
}

// The ledger is for P4 alone. What a rising priority ends is kept for the day it is taken back.
static void leave_ledger(struct task *t)
{
    if (t->flags & TASK_ON_LEDGER)
        t->ledger_until = t->clocks[CLOCK_RESOLVE].due;
    if (t->flags & TASK_LEDGER_ASKED)
        raise_flag(t, TASK_LEDGER_WAITED);
    drop_flag(t, TASK_ON_LEDGER | TASK_LEDGER_ASKED);
}

static void return_to_ledger(struct task *t, const Whistle__V1__TaskClocks *dues)
{
    if (dues->on_ledger) {
        raise_flag(t, TASK_ON_LEDGER);
        t->clocks[CLOCK_RESOLVE].from = t->dispatched_at;
    }
    if (dues->ledger_asked)
        raise_flag(t, TASK_LEDGER_ASKED);
    forget_ledger(t);
}

static void reset_clocks(const struct whistle *w, const struct fold_context *c, struct task *t,
                         const Whistle__V1__TaskClocks *dues)
{
    Whistle__V1__Priority to = (Whistle__V1__Priority)w->priority;
    struct dues d = clock_dues(c->district, w->times_set, to, t->dispatched_at);
    int64_t paused = to == PRIORITY(P1) ? 0 : t->paused_ms, from = t->dispatched_at;
    reset_clock(&t->clocks[CLOCK_SIGN], dues->due_sign, d.sign, from, c->at);
    reset_clock(&t->clocks[CLOCK_CHECKIN], dues->due_checkin, d.checkin, from, c->at);
    reset_clock(&t->clocks[CLOCK_REPORT], dues->due_report, d.report, from, c->at);
    reset_clock(&t->clocks[CLOCK_RESOLVE], dues->due_resolve, d.resolve + paused, from, c->at);
}

static int on_priority(struct whistle *w, const struct fold_context *c,
                       const Whistle__V1__WhistlePriorityChanged *e)
{
    w->priority = (uint8_t)e->to;
    for (size_t i = 0; i < e->n_tasks; i++) {
        struct task *t = fold_task_of(w, c, e->tasks[i]->task);
        if (t == NULL)
            return WH_E_INVALID;
        if (e->to != PRIORITY(P4))
            leave_ledger(t);
        reset_clocks(w, c, t, e->tasks[i]);
        if (e->to == PRIORITY(P4))
            return_to_ledger(t, e->tasks[i]);
        if (e->to == PRIORITY(P1) && t->state != TASK(REPORTED))
            t->feedback_at = 0;
        else if (e->restored && t->outcome != 0 && t->feedback_at == 0)
            t->feedback_at = c->at; // it was told of once, before it was raised
    }
    return 0;
}

static int on_escalated(struct whistle *w, const struct fold_context *c,
                        const Whistle__V1__TaskEscalated *e)
{
    if (e->clock == CLOCK(CONFIRM)) {
        w->confirm.level = (uint8_t)e->level;
        return 0;
    }
    struct task *t = fold_task_of(w, c, e->task);
    if (t == NULL || e->level < 0 || e->level > 4)
        return WH_E_INVALID;
    if (e->clock == CLOCK(LEDGER)) { // the monthly look, and the next one
        clock_set(&t->clocks[CLOCK_LEDGER], c->at, clock_ledger_review(c->district, w, c->at));
        return 0;
    }
    t->clocks[clock_index(e->clock)].level = (uint8_t)e->level;
    if (e->level == 4)
        raise_flag(t, TASK_SUPERVISED);
    return 0;
}

static int on_reminded(struct whistle *w, const struct fold_context *c,
                       const Whistle__V1__NoticesReleased *e)
{
    const struct wh_times *times =
        clock_times(c->district, w->times_set, (Whistle__V1__Priority)w->priority);
    if (e->collected > 0)
        fold_told(w, c->at);
    for (size_t i = 0; i < e->n_reminded; i++) {
        struct task *t = fold_task_of(w, c, e->reminded[i]->task);
        if (t == NULL)
            return WH_E_INVALID;
        struct task_clock *clock = &t->clocks[clock_index(e->reminded[i]->clock)];
        for (size_t k = 0; times != NULL && k < times->n_remind; k++)
            if (times->remind[k] == e->reminded[i]->percent)
                clock->reminded = (uint8_t)(clock->reminded | 1U << k);
    }
    return 0;
}

// ---- the table ----------------------------------------------------------------------------------
static const char *task_named(const Whistle__V1__DispatchEvent *e)
{
    switch (e->what_case) {
    case EVENT(SIGNED):
        return e->signed_->task;
    case EVENT(CHECKED_IN):
        return e->checked_in->task;
    case EVENT(REPORTED):
        return e->reported->task;
    case EVENT(REFUSED):
        return e->refused->task;
    case EVENT(RULED):
        return e->ruled->task;
    case EVENT(EXTENSION_ASKED):
        return e->extension_asked->task;
    case EVENT(EXTENSION_DECIDED):
        return e->extension_decided->task;
    case EVENT(LEDGER_ASKED):
        return e->ledger_asked->task;
    case EVENT(LEDGER_DECIDED):
        return e->ledger_decided->task;
    case EVENT(RATED):
        return e->rated->task;
    case EVENT(RATING_REPLIED):
        return e->rating_replied->task;
    case EVENT(DELEGATED):
        return e->delegated->task;
    default:
        return "";
    }
}

static int fold_named(struct whistle *w, const struct fold_context *c, struct task *t,
                      const Whistle__V1__DispatchEvent *e)
{
    switch (e->what_case) {
    case EVENT(SIGNED):
        return on_signed(t, c->at);
    case EVENT(CHECKED_IN):
        return on_checked_in(t, c->at);
    case EVENT(REPORTED):
        return on_reported(t, c->at, e->reported);
    case EVENT(REFUSED):
        return on_refused(c, t, e->refused);
    case EVENT(RULED):
        return on_ruled(w, c, t, e->ruled);
    case EVENT(EXTENSION_ASKED):
        t->asked_until = e->extension_asked->until_at; // in the place of what it had asked
        drop_flag(t, TASK_LEDGER_WAITED);
        raise_flag(t, TASK_EXTENSION_ASKED);
        return 0;
    case EVENT(EXTENSION_DECIDED):
        return on_extension(t, e->extension_decided);
    case EVENT(LEDGER_ASKED):
        t->asked_until = e->ledger_asked->until_at;
        raise_flag(t, TASK_LEDGER_ASKED);
        return 0;
    case EVENT(LEDGER_DECIDED):
        return on_ledger(c, t, e->ledger_decided);
    case EVENT(RATED):
        t->rating = (uint8_t)e->rated->rating;
        return 0;
    case EVENT(RATING_REPLIED):
        raise_flag(t, TASK_REPLIED);
        return 0;
    default: // delegated: recorded, changes nothing
        return 0;
    }
}

int fold_task_event(struct whistle *w, const struct fold_context *c,
                    const Whistle__V1__DispatchEvent *e)
{
    if (e->what_case == EVENT(PRIORITY_CHANGED))
        return on_priority(w, c, e->priority_changed);
    if (e->what_case == EVENT(ESCALATED))
        return on_escalated(w, c, e->escalated);
    if (e->what_case == EVENT(NOTICE_ISSUED))
        return on_reminded(w, c, e->notice_issued);
    struct task *t = fold_task_of(w, c, task_named(e));
    return t == NULL ? WH_E_INVALID : fold_named(w, c, t, e);
}
