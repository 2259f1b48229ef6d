// SPDX-License-Identifier: Apache-2.0
// Due times once more, written from the domain's text and from events alone, beside the rules' own.
#include "support/dispatch_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"

static int64_t span_end(const struct play *p, int64_t from, struct wh_span span)
{
    int64_t end =
        wh_calendar_add(wh_district_calendar(p->district), from, span, p->priority >= PRIORITY(P3));
    return end == WH_NEVER ? 0 : end;
}

static const struct wh_times *times(const struct play *p)
{
    return wh_district_times(p->district, "normal", (Whistle__V1__Priority)p->priority);
}

static void anew(const struct play *p, struct oracle_task *t, int64_t from)
{
    t->due[0] = span_end(p, from, times(p)->sign);
    t->due[1] = span_end(p, from, times(p)->checkin);
    t->due[2] = span_end(p, from, times(p)->report);
    t->due[3] = span_end(p, from, times(p)->resolve);
}

static struct oracle_task *task_of(struct play *p, const char *id)
{
    int64_t number;
    int32_t department;
    assert_int_equal(task_id_parse(p->district, id, &number, &department), 0);
    for (size_t i = 0; i < p->n_oracle; i++)
        if (p->oracle[i].department == department)
            return &p->oracle[i];
    fail_msg("no task %s", id);
    return NULL;
}

static void assigned(struct play *p, int64_t at, const Whistle__V1__TaskAssigned *a)
{
    int32_t department = wh_district_id(p->district, a->department);
    for (size_t i = 0; i < p->n_oracle; i++)
        if (p->oracle[i].department == department)
            return; // a part handed over
    struct oracle_task *t = &p->oracle[p->n_oracle++];
    *t = (struct oracle_task){.department = department, .base = at};
    anew(p, t, at);
}

static void reported(struct play *p, int64_t at, const Whistle__V1__TaskReported *e)
{
    struct oracle_task *t = task_of(p, e->task);
    if (e->outcome == OUTCOME(PROGRESS) && p->priority == PRIORITY(P1))
        t->due[2] = span_end(p, at, times(p)->report_every);
    if (e->outcome != OUTCOME(PROGRESS)) {
        t->reported = at;
        t->on_ledger = false;
        t->ledger_until = 0;
    }
}

static void reworked(struct play *p, int64_t at, const Whistle__V1__TaskClocks *e)
{
    struct oracle_task *t = task_of(p, e->task);
    if (p->priority == PRIORITY(P1)) {
        t->due[2] = span_end(p, at, times(p)->report_every);
        return;
    }
    t->due[3] += at - t->reported;
    t->paused += at - t->reported;
}

static int64_t latest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void reprioritised(struct play *p, int64_t floor, const Whistle__V1__TaskClocks *e)
{
    struct oracle_task *t = task_of(p, e->task);
    if (t->on_ledger && p->priority != PRIORITY(P4))
        t->ledger_until = t->due[3];
    anew(p, t, t->base);
    if (p->priority != PRIORITY(P1))
        t->due[3] += t->paused;
    t->due[3] = latest(t->due[3], t->extended);
    for (int i = 0; i < 4; i++)
        t->due[i] = latest(t->due[i], floor);
    if (p->priority != PRIORITY(P4)) {
        t->on_ledger = false;
        return;
    }
    if (floor == 0 && t->ledger_until != 0) { // taken back
        t->due[3] = latest(t->due[3], t->ledger_until);
        t->on_ledger = true;
    }
    t->ledger_until = 0;
}

static void ledger(struct play *p, int64_t at, const Whistle__V1__LedgerDecided *e)
{
    struct oracle_task *t = task_of(p, e->task);
    bool pending = t->asked != 0;
    if (e->decision == DECIDED(APPROVED)) {
        if (!t->on_ledger)
            t->ledger_left = latest(t->due[3] - at, 0);
        if (pending)
            t->due[3] = t->asked;
        t->on_ledger = true;
    } else if (!pending) {
        t->due[3] = at + t->ledger_left;
        t->on_ledger = false;
    }
    t->asked = 0;
}

static void parted(struct play *p, int64_t at, const Whistle__V1__WhistleParted *e)
{
    for (size_t i = 0; i < e->n_restored; i++) {
        struct oracle_task *t = task_of(p, e->restored[i]->task);
        t->due[3] += p->priority == PRIORITY(P1) ? 0 : at - p->joined_at;
        t->paused += at - p->joined_at;
    }
}

static void whistle_event(struct play *p, int64_t at, const Whistle__V1__DispatchEvent *e)
{
    int64_t floor;
    switch (e->what_case) {
    case EVENT(DISPATCHED):
        p->priority = (uint8_t)e->dispatched->whistle->priority;
        for (size_t i = 0; i < e->dispatched->n_tasks; i++)
            assigned(p, at, e->dispatched->tasks[i]);
        return;
    case EVENT(JOINED):
        p->joined_at = at;
        return;
    case EVENT(PARTED):
        parted(p, at, e->parted);
        return;
    case EVENT(DEPARTMENTS_ADDED):
        for (size_t i = 0; i < e->departments_added->n_tasks; i++)
            assigned(p, at, e->departments_added->tasks[i]);
        return;
    case EVENT(CONFIRMED):
        for (size_t i = 0; i < e->confirmed->n_reworked; i++)
            reworked(p, at, e->confirmed->reworked[i]);
        return;
    case EVENT(REOPENED):
        for (size_t i = 0; i < e->reopened->n_tasks; i++) {
            struct oracle_task *t = task_of(p, e->reopened->tasks[i]->task);
            t->base = at;
            t->paused = t->extended = 0;
            anew(p, t, at);
        }
        return;
    case EVENT(PRIORITY_CHANGED):
        p->priority = (uint8_t)e->priority_changed->to;
        floor = e->priority_changed->restored ? 0 : span_end(p, at, times(p)->sign);
        for (size_t i = 0; i < e->priority_changed->n_tasks; i++)
            reprioritised(p, floor, e->priority_changed->tasks[i]);
        return;
    default:
        return;
    }
}

void oracle_event(struct play *p, int64_t at, const Whistle__V1__DispatchEvent *e)
{
    struct oracle_task *t;
    switch (e->what_case) {
    case EVENT(REPORTED):
        reported(p, at, e->reported);
        return;
    case EVENT(RULED):
        if (e->ruled->assigned != NULL)
            assigned(p, at, e->ruled->assigned);
        return;
    case EVENT(EXTENSION_ASKED):
        task_of(p, e->extension_asked->task)->asked = e->extension_asked->until_at;
        return;
    case EVENT(EXTENSION_DECIDED):
        t = task_of(p, e->extension_decided->task);
        if (e->extension_decided->decision == DECIDED(APPROVED))
            t->due[3] = t->extended = t->asked;
        t->asked = 0;
        return;
    case EVENT(LEDGER_ASKED):
        task_of(p, e->ledger_asked->task)->asked = e->ledger_asked->until_at;
        return;
    case EVENT(LEDGER_DECIDED):
        ledger(p, at, e->ledger_decided);
        return;
    default:
        whistle_event(p, at, e);
    }
}

void oracle_check(const struct play *p)
{
    static const char *const names[] = {"sign", "checkin", "report", "resolve"};
    const struct whistle *w = &p->state.whistle;
    assert_int_equal(w->n_tasks, p->n_oracle);
    for (size_t i = 0; i < w->n_tasks; i++)
        assert_int_equal(p->oracle[i].on_ledger, (w->tasks[i].flags & TASK_ON_LEDGER) != 0);
    for (size_t i = 0; i < w->n_tasks; i++)
        for (int c = 0; c < 4; c++)
            if (w->tasks[i].clocks[c].due != p->oracle[i].due[c])
                fail_msg("%s: due_%s is %lld, from the events %lld",
                         wh_district_code(p->district, w->tasks[i].department), names[c],
                         (long long)w->tasks[i].clocks[c].due, (long long)p->oracle[i].due[c]);
}
