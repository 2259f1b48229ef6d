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

static void on_blown(struct pen *p, const Whistle__V1__WhistleBlown *said)
{
    struct route route;
    if (p->w->number != 0 && !waits(p->w))
        return;
    Whistle__V1__WhistleDispatched *e =
        pen_event(p, EVENT(DISPATCHED), &whistle__v1__whistle_dispatched__descriptor);
    route_whistle(p->c->district, said->whistle, &route);
    if (route.n == 0) { // a district without any department is never adopted
        p->broken = true;
        return;
    }
    e->whistle = said->whistle;
    e->routing_version = wh_district_version(p->c->district);
    e->times_set = text_of(times_set(p));
    e->unreviewed = said->unreviewed;
    assign_route(p, e, &route);
    if (strcmp(route.choices[0].rule, "BACKSTOP") == 0)
        e->note =
            text_of("没有规则指定牵头部门,由区调度兜底 / no rule names a lead: the backstop leads");
    pen_emit(p);
    if (p->failed || p->broken)
        return;
    tell_departments(
        p, &(struct message){.kind = NOTICE_CALL, .due = p->w->tasks[0].clocks[CLOCK_CHECKIN].due},
        NULL);
}

static void on_priority(struct pen *p, const Whistle__V1__PriorityChanged *said)
{
    struct whistle *w = p->w;
    size_t cap = 0;
    bool in_tasks = w->stage == STAGE_IN_TASKS;
    if (w->number == 0 || !whistle_is_open(w) || w->priority == (uint8_t)said->to)
        return;
    Whistle__V1__WhistlePriorityChanged *e =
        pen_event(p, EVENT(PRIORITY_CHANGED), &whistle__v1__whistle_priority_changed__descriptor);
    e->number = pen_text(p, p->number);
    e->from = (Whistle__V1__Priority)w->priority;
    e->to = said->to;
    e->reason = said->reason;
    for (size_t i = 0; in_tasks && i < w->n_tasks; i++) {
        if (!task_is_open(&w->tasks[i]))
            continue;
        Whistle__V1__TaskClocks *clocks = pen_message(p, &whistle__v1__task_clocks__descriptor);
        struct dues d =
            clock_reprioritised(p->c->district, w->times_set, &w->tasks[i], said->to, p->c->now);
        clocks->task = pen_task_id(p, w->tasks[i].department);
        clocks->due_sign = d.sign;
        clocks->due_checkin = d.checkin;
        clocks->due_report = d.report;
        clocks->due_resolve = d.resolve;
        pen_append(p, (void ***)&e->tasks, &e->n_tasks, &cap, clocks);
    }
    int64_t due = e->n_tasks > 0 ? e->tasks[0]->due_checkin : 0;
    pen_emit(p);
    if (in_tasks)
        tell_departments(p, &(struct message){.kind = NOTICE_PRIORITY, .due = due}, task_is_open);
}

static void on_supplemented(struct pen *p, const Whistle__V1__WhistleSupplemented *said)
{
    if (p->w->number == 0 || !whistle_is_open(p->w))
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
    if (p->w->stage == STAGE_IN_TASKS)
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

static void follow(struct pen *p, const Whistle__V1__IntakeEvent *e)
{
    switch (e->what_case) {
    case INTAKE(DISTRICT_ADOPTED):
        on_district(p, e->district_adopted);
        return;
    case INTAKE(SUBMITTED):
        on_submitted(p, e->submitted);
        return;
    case INTAKE(BLOWN):
        on_blown(p, e->blown);
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
        on_priority(p, e->priority_changed);
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
    follow(&p, event);
    return pen_end(&p);
}
