// SPDX-License-Identifier: Apache-2.0
// What intake tells and what follows from it: received, dispatched to everybody at once, moved,
// priority, additions. Repeats and latecomers change nothing.
#include <string.h>

#include "dispatch/clock.h"
#include "dispatch/decide_internal.h"
#include "dispatch/route.h"
#include "dispatch/words.h"

static void emit_moved(struct pen *p, Whistle__V1__WhistleState to, bool reviewed, char *reason)
{
    Whistle__V1__WhistleMoved *e =
        pen_event(p, EVENT(MOVED), &whistle__v1__whistle_moved__descriptor);
    e->number = pen_text(p, p->number);
    e->to = to;
    e->reviewed = reviewed;
    e->reason = reason;
    pen_emit(p);
}

static bool waits(const struct whistle *w)
{
    return w->stage == STATE(SUBMITTED) || w->stage == STATE(RETURNED);
}

static void on_submitted(struct pen *p, const Whistle__V1__WhistleSubmitted *said)
{
    if (p->w->number != 0 && !waits(p->w))
        return;
    Whistle__V1__WhistleReceived *e =
        pen_event(p, EVENT(RECEIVED), &whistle__v1__whistle_received__descriptor);
    e->whistle = said->whistle;
    e->due_review = said->due_review;
    e->why = said->why;
    pen_emit(p);
    if (!p->failed && !p->broken)
        tell(p, &(struct message){
                    .kind = NOTICE_REVIEW, .receiver = p->w->street, .due = said->due_review});
}

static const char *times_set(const struct pen *p)
{
    const char *set = p->c->times_set;
    return set == NULL || set[0] == '\0' ? "normal" : set;
}

// All departments in one event.
static void assign_route(struct pen *p, Whistle__V1__WhistleDispatched *e,
                         const struct route *route)
{
    Whistle__V1__Priority priority = e->whistle->priority;
    struct dues dues = clock_dues(p->c->district, e->times_set, priority, p->c->now);
    e->tasks = pen_alloc(p, route->n * sizeof(void *));
    for (size_t i = 0; i < route->n && !p->failed; i++) {
        Whistle__V1__TaskAssigned *a = pen_message(p, &whistle__v1__task_assigned__descriptor);
        a->department = pen_code(p, route->choices[i].party);
        a->part = (Whistle__V1__Part)route->choices[i].part;
        a->due_sign = dues.sign;
        a->due_checkin = dues.checkin;
        a->due_report = dues.report;
        a->due_resolve = dues.resolve;
        e->tasks[e->n_tasks++] = a;
    }
}

bool waits_for_dispatch(const struct whistle *w)
{
    return w->number == 0 || waits(w) || w->stage == STATE(HELD) || w->stage == STATE(BLOWN);
}

// ---- withdrawn before it came -------------------------------------------------------------------
// May this party withdraw it: the unit that raised it, or a raising side?
static bool may_withdraw(const struct wh_district *district, const Whistle__V1__WhistleFacts *facts,
                         int32_t party)
{
    int32_t unit = wh_district_id(district, facts->unit);
    if (party == unit || party == whistle_side_of(district, unit))
        return true;
    for (size_t i = 0; i < facts->n_joint_units && i < JOINT_MAX; i++) {
        int32_t joint = wh_district_id(district, facts->joint_units[i]);
        if (party == whistle_side_of(district, joint))
            return true;
    }
    return false;
}

static void receive(struct pen *p, Whistle__V1__WhistleFacts *facts)
{
    Whistle__V1__WhistleReceived *e =
        pen_event(p, EVENT(RECEIVED), &whistle__v1__whistle_received__descriptor);
    e->whistle = facts;
    e->why = text_of("WITHDRAWN");
    pen_emit(p);
}

bool ended_before(struct pen *p, Whistle__V1__WhistleFacts *facts)
{
    const struct noted *noted = p->c->noted;
    for (int32_t i = 0; noted != NULL && i < noted->n; i++) {
        if (!may_withdraw(p->c->district, facts, noted->by[i]))
            continue;
        if (p->w->number == 0)
            receive(p, facts);
        Whistle__V1__WhistleWithdrawn *e =
            pen_event(p, EVENT(WITHDRAWN), &whistle__v1__whistle_withdrawn__descriptor);
        e->number = pen_text(p, p->number);
        e->reason = pen_text(p, noted->reason[i]);
        pen_emit(p);
        return true;
    }
    return false;
}

// ---- going out ----------------------------------------------------------------------------------
static void fill_dispatched(struct pen *p, Whistle__V1__WhistleDispatched *e,
                            const Whistle__V1__WhistleBlown *said, const struct going_out *with)
{
    e->whistle = said->whistle;
    e->routing_version = wh_district_version(p->c->district);
    e->times_set = text_of(times_set(p));
    e->unreviewed = said->unreviewed;
    e->perhaps = with->perhaps;
    e->n_perhaps = with->n_perhaps;
    e->unchecked = with->unchecked;
    e->note = text_of(with->note);
}

void send_out(struct pen *p, const Whistle__V1__WhistleBlown *said, const struct going_out *with)
{
    struct route route;
    if (!waits_for_dispatch(p->w) || ended_before(p, said->whistle))
        return;
    Whistle__V1__WhistleDispatched *e =
        pen_event(p, EVENT(DISPATCHED), &whistle__v1__whistle_dispatched__descriptor);
    route_whistle(p->c->district, said->whistle, &route);
    if (route.n == 0) { // a district without any department is never adopted
        p->broken = true;
        return;
    }
    fill_dispatched(p, e, said, with);
    assign_route(p, e, &route);
    if (strcmp(route.choices[0].rule, "BACKSTOP") == 0 && with->note == NULL)
        e->note =
            text_of("没有规则指定牵头部门,由区调度兜底 / no rule names a lead: the backstop leads");
    pen_emit(p);
    if (p->failed || p->broken)
        return;
    tell_departments(
        p, &(struct message){.kind = NOTICE_CALL, .due = p->w->tasks[0].clocks[CLOCK_CHECKIN].due},
        NULL);
}

// ---- priority -----------------------------------------------------------------------------------
// Also of a task that a join cancelled: it may live again.
static bool is_reset(const struct task *t)
{
    return task_is_open(t) || task_before_join(t) != 0;
}

// What its rising priority had ended stands again, but for more time that was given since.
static void return_to_ledger(const struct task *t, Whistle__V1__TaskClocks *clocks)
{
    clocks->on_ledger = t->ledger_until != 0;
    clocks->ledger_asked = t->flags & TASK_LEDGER_WAITED;
    if (t->ledger_until > clocks->due_resolve)
        clocks->due_resolve = t->ledger_until;
}

static Whistle__V1__TaskClocks *reset_clocks(struct pen *p, const struct task *t,
                                             Whistle__V1__Priority to, bool restored)
{
    int64_t from = restored ? t->dispatched_at : p->c->now;
    Whistle__V1__TaskClocks *clocks = pen_message(p, &whistle__v1__task_clocks__descriptor);
    struct dues d = clock_reprioritised(p->c->district, p->w->times_set, t, to, from);
    clocks->task = pen_task_id(p, t->department);
    clocks->due_sign = d.sign;
    clocks->due_checkin = d.checkin;
    clocks->due_report = d.report;
    clocks->due_resolve = d.resolve;
    if (restored && to == PRIORITY(P4))
        return_to_ledger(t, clocks);
    return clocks;
}

void change_priority(struct pen *p, Whistle__V1__Priority to, char *reason, bool restored)
{
    struct whistle *w = p->w;
    size_t cap = 0;
    bool in_tasks = whistle_in_work(w);
    if (w->number == 0 || !(whistle_is_open(w) || in_tasks) || w->priority == (uint8_t)to)
        return;
    Whistle__V1__WhistlePriorityChanged *e =
        pen_event(p, EVENT(PRIORITY_CHANGED), &whistle__v1__whistle_priority_changed__descriptor);
    e->number = pen_text(p, p->number);
    e->from = (Whistle__V1__Priority)w->priority;
    e->to = to;
    e->reason = reason;
    e->restored = restored;
    for (size_t i = 0; in_tasks && i < w->n_tasks; i++)
        if (is_reset(&w->tasks[i]))
            pen_append(p, (void ***)&e->tasks, &e->n_tasks, &cap,
                       reset_clocks(p, &w->tasks[i], to, restored));
    int64_t due = e->n_tasks > 0 ? e->tasks[0]->due_checkin : 0;
    pen_emit(p);
    if (in_tasks)
        tell_departments(p, &(struct message){.kind = NOTICE_PRIORITY, .due = due}, task_is_open);
}

static void on_supplemented(struct pen *p, const Whistle__V1__WhistleSupplemented *said)
{
    if (p->w->number == 0 || !(whistle_is_open(p->w) || whistle_in_work(p->w)))
        return;
    Whistle__V1__WhistleExtended *e =
        pen_event(p, EVENT(SUPPLEMENTED), &whistle__v1__whistle_extended__descriptor);
    e->number = pen_text(p, p->number);
    e->text = said->text;
    e->answers = said->answers;
    e->n_answers = said->n_answers;
    e->missing_answers = said->missing_answers;
    e->n_missing_answers = said->n_missing_answers;
    pen_emit(p);
    if (whistle_in_work(p->w))
        tell_departments(p, &(struct message){.kind = NOTICE_MORE}, task_is_open);
}

static void on_review_overdue(struct pen *p, const Whistle__V1__ReviewOverdue *said)
{
    if (p->w->number == 0 || p->w->stage != STATE(SUBMITTED))
        return;
    tell(p,
         &(struct message){
             .kind = NOTICE_REVIEW, .receiver = p->w->street, .level = 2, .due = said->due_review});
}

static void on_district(struct pen *p, Whistle__V1__DistrictAdopted *said)
{
    Whistle__V1__DistrictAdopted *e =
        pen_event(p, EVENT(DISTRICT_ADOPTED), &whistle__v1__district_adopted__descriptor);
    e->district = said->district;
    pen_emit(p);
}

void follow_intake(struct pen *p, const Whistle__V1__IntakeEvent *e)
{
    switch (e->what_case) {
    case INTAKE(DISTRICT_ADOPTED):
        on_district(p, e->district_adopted);
        return;
    case INTAKE(SUBMITTED):
        on_submitted(p, e->submitted);
        return;
    case INTAKE(BLOWN):
        send_out(p, e->blown, &(struct going_out){.note = NULL});
        return;
    case INTAKE(REVIEWED):
        if (p->w->flags & WHISTLE_UNREVIEWED)
            emit_moved(p, whistle_state(p->w), true, e->reviewed->reason);
        return;
    case INTAKE(RETURNED):
        if (p->w->stage == STATE(SUBMITTED))
            emit_moved(p, STATE(RETURNED), false, e->returned->reason);
        return;
    case INTAKE(SELF_HANDLED):
        if (waits(p->w))
            emit_moved(p, STATE(SELF), false, e->self_handled->reason);
        return;
    case INTAKE(DROPPED):
        if (waits(p->w))
            emit_moved(p, STATE(CANCELLED), false, e->dropped->reason);
        return;
    case INTAKE(SUPPLEMENTED):
        on_supplemented(p, e->supplemented);
        return;
    case INTAKE(PRIORITY_CHANGED):
        change_priority(p, e->priority_changed->to, e->priority_changed->reason, false);
        return;
    case INTAKE(REVIEW_OVERDUE):
        on_review_overdue(p, e->review_overdue);
        return;
    default: // erased, unsealed: intake's own
        return;
    }
}

int decide_intake(const Whistle__V1__IntakeEvent *event, const struct whistle *w, int64_t number,
                  const struct decision_context *context, struct decision *d)
{
    struct pen p;
    pen_begin(&p, context, w, number, d);
    follow_intake(&p, event);
    return pen_end(&p);
}

int decide_unchecked(const Whistle__V1__WhistleBlown *blown, const struct whistle *w,
                     int64_t number, const struct decision_context *context, struct decision *d)
{
    struct pen p;
    pen_begin(&p, context, w, number, d);
    if (w == NULL || waits(w))
        send_out(&p, blown, &(struct going_out){.unchecked = true});
    return pen_end(&p);
}
