// SPDX-License-Identifier: Apache-2.0
// The fold of a whistle: what each event of the journal does to it. A task's own events are in
// fold_task.c, what dedup brings about in fold_join.c. Due times come from the event; `from` (their
// beginning) follows from the rules.
#include "dispatch/fold.h"

#include <string.h>

#include "base/text.h"
#include "dispatch/clock.h"
#include "dispatch/fold_internal.h"
#include "dispatch/words.h"

// ---- facts --------------------------------------------------------------------------------------
static void copy_text(char *to, size_t room, const char *from)
{
    size_t n = wh_utf8_cut(from, strlen(from), room - 1);
    memcpy(to, from, n);
    memset(to + n, 0, room - n);
}

int fold_facts(struct whistle *w, const struct fold_context *c,
               const Whistle__V1__WhistleFacts *facts)
{
    if (facts == NULL)
        return WH_E_INVALID;
    w->number = c->object;
    w->unit = wh_district_id(c->district, facts->unit);
    w->street = wh_district_id(c->district, facts->street);
    w->asked_by = wh_district_id(c->district, facts->asked_by);
    w->place = facts->place == NULL ? 0 : wh_district_id(c->district, facts->place->unit);
    w->priority = (uint8_t)facts->priority;
    w->source = (uint8_t)facts->source;
    w->submitted_at = facts->submitted_at;
    if (facts->drill)
        w->flags |= WHISTLE_DRILL;
    w->n_joint = 0;
    for (size_t i = 0; i < facts->n_joint_units && w->n_joint < JOINT_MAX; i++)
        w->joint[w->n_joint++] = wh_district_id(c->district, facts->joint_units[i]);
    copy_text(w->category, CATEGORY_MAX, facts->category);
    copy_text(w->title, TITLE_MAX, facts->title);
    return w->unit == 0 ? WH_E_INVALID : 0;
}

// ---- tasks in general ---------------------------------------------------------------------------
void clock_set(struct task_clock *clock, int64_t from, int64_t due)
{
    if (clock->due != 0)
        clock->round++;
    clock->from = from;
    clock->due = due;
    clock->level = 0;
    clock->reminded = 0;
}

struct task *fold_task_of(struct whistle *w, const struct fold_context *c, const char *id)
{
    int64_t number;
    int32_t department;
    if (task_id_parse(c->district, id, &number, &department) < 0 || number != w->number)
        return NULL;
    for (size_t i = 0; i < w->n_tasks; i++)
        if (w->tasks[i].department == department)
            return &w->tasks[i];
    return NULL;
}

static int assign(struct whistle *w, const struct fold_context *c,
                  const Whistle__V1__TaskAssigned *assigned)
{
    int32_t department = wh_district_id(c->district, assigned->department);
    if (department == 0 || w->n_tasks == TASKS_MAX || whistle_task(w, department) != NULL)
        return WH_E_INVALID;
    struct task *t = &w->tasks[w->n_tasks++];
    memset(t, 0, sizeof *t);
    t->department = department;
    t->part = (uint8_t)assigned->part;
    t->state = TASK(PENDING);
    t->dispatched_at = c->at;
    clock_set(&t->clocks[CLOCK_SIGN], c->at, assigned->due_sign);
    clock_set(&t->clocks[CLOCK_CHECKIN], c->at, assigned->due_checkin);
    clock_set(&t->clocks[CLOCK_REPORT], c->at, assigned->due_report);
    clock_set(&t->clocks[CLOCK_RESOLVE], c->at, assigned->due_resolve);
    return 0;
}

static int assign_all(struct whistle *w, const struct fold_context *c, size_t n,
                      Whistle__V1__TaskAssigned *const *tasks)
{
    int error = 0;
    for (size_t i = 0; i < n && error == 0; i++)
        error = assign(w, c, tasks[i]);
    return error;
}

// A ruling's new owner: a new task, or the live one it has takes over the part.
int fold_reassign(struct whistle *w, const struct fold_context *c,
                  const Whistle__V1__TaskAssigned *assigned)
{
    int32_t department = wh_district_id(c->district, assigned->department);
    for (size_t i = 0; i < w->n_tasks; i++) {
        if (w->tasks[i].department != department)
            continue;
        w->tasks[i].part = (uint8_t)assigned->part;
        return task_is_live(&w->tasks[i]) ? 0 : WH_E_INVALID;
    }
    return assign(w, c, assigned);
}

// ---- whole whistles -----------------------------------------------------------------------------
static int on_received(struct whistle *w, const struct fold_context *c,
                       const Whistle__V1__WhistleReceived *e)
{
    w->stage = STATE(SUBMITTED);
    w->due_review = e->due_review;
    return fold_facts(w, c, e->whistle);
}

static int on_dispatched(struct whistle *w, const struct fold_context *c,
                         const Whistle__V1__WhistleDispatched *e)
{
    int error = fold_facts(w, c, e->whistle);
    if (error < 0 || w->n_tasks > 0)
        return WH_E_INVALID;
    w->stage = STAGE_IN_TASKS;
    w->dispatched_at = c->at;
    w->routing_version = e->routing_version;
    copy_text(w->times_set, sizeof w->times_set, e->times_set);
    if (e->unreviewed)
        w->flags |= WHISTLE_UNREVIEWED;
    if (e->unchecked)
        w->flags |= WHISTLE_UNCHECKED;
    w->held_until = 0;
    return assign_all(w, c, e->n_tasks, e->tasks);
}

static int on_moved(struct whistle *w, const struct fold_context *c,
                    const Whistle__V1__WhistleMoved *e)
{
    if (e->reviewed) {
        w->flags = (uint8_t)((w->flags | WHISTLE_REVIEWED) & ~WHISTLE_UNREVIEWED);
        return 0;
    }
    w->stage = (uint8_t)e->to;
    if (e->to == STATE(CANCELLED))
        w->ended_at = c->at;
    return 0;
}

static int on_confirmed(struct whistle *w, const struct fold_context *c,
                        const Whistle__V1__WhistleConfirmed *e)
{
    int side = whistle_side(w, c->district, wh_district_id(c->district, e->by));
    if (side < 0)
        return WH_E_INVALID;
    unsigned agreed = e->verdict == VERDICT(SOLVED) ? w->confirmed | 1U << side : 0;
    w->confirmed = (uint8_t)agreed;
    for (size_t i = 0; i < e->n_confirmed; i++) {
        struct task *t = fold_task_of(w, c, e->confirmed[i]);
        if (t == NULL)
            return WH_E_INVALID;
        t->state = TASK(CONFIRMED);
        if (e->rating != 0 && t->rating == 0)
            t->rating = (uint8_t)e->rating;
    }
    return fold_rework(w, c, e->n_reworked, e->reworked);
}

static int on_resolved(struct whistle *w, const struct fold_context *c)
{
    w->stage = STATE(RESOLVED);
    w->resolved_at = c->at;
    return 0;
}

static int on_reopened(struct whistle *w, const struct fold_context *c,
                       const Whistle__V1__WhistleReopened *e)
{
    w->stage = STAGE_IN_TASKS;
    w->resolved_at = w->ended_at = 0;
    w->confirmed = 0;
    w->proposer = 0;
    w->reopened++;
    return fold_reopen(w, c, e->n_tasks, e->tasks);
}

static int on_withdrawn(struct whistle *w, const struct fold_context *c,
                        const Whistle__V1__WhistleWithdrawn *e)
{
    for (size_t i = 0; i < e->n_cancelled; i++) {
        struct task *t = fold_task_of(w, c, e->cancelled[i]);
        if (t == NULL)
            return WH_E_INVALID;
        t->state = TASK(CANCELLED);
    }
    w->stage = STATE(CANCELLED);
    w->ended_at = c->at;
    return 0;
}

static int on_ended(struct whistle *w, const struct fold_context *c,
                    const Whistle__V1__WhistleEnded *e)
{
    for (size_t i = 0; i < w->n_tasks; i++)
        if (e->to == STATE(RULED_CLOSED) && w->tasks[i].state != TASK(CONFIRMED))
            w->tasks[i].state = TASK(CANCELLED);
    w->stage = (uint8_t)e->to;
    w->ended_at = c->at;
    return 0;
}

static int on_proposed(struct whistle *w, const struct fold_context *c)
{
    w->proposer = person_hash(c->identity, c->officer);
    w->proposer_is_district = c->is_district;
    return 0;
}

// ---- the table ----------------------------------------------------------------------------------
static int fold_whistle(struct whistle *w, const struct fold_context *c,
                        const Whistle__V1__DispatchEvent *e)
{
    switch (e->what_case) {
    case EVENT(RECEIVED):
        return on_received(w, c, e->received);
    case EVENT(DISPATCHED):
        return on_dispatched(w, c, e->dispatched);
    case EVENT(MOVED):
        return on_moved(w, c, e->moved);
    case EVENT(CONFIRMED):
        return on_confirmed(w, c, e->confirmed);
    case EVENT(RESOLVED):
        return on_resolved(w, c);
    case EVENT(REOPENED):
        return on_reopened(w, c, e->reopened);
    case EVENT(WITHDRAWN):
        return on_withdrawn(w, c, e->withdrawn);
    case EVENT(DEPARTMENTS_ADDED):
        return assign_all(w, c, e->departments_added->n_tasks, e->departments_added->tasks);
    case EVENT(RULE_CLOSE_PROPOSED):
        return on_proposed(w, c);
    case EVENT(ENDED):
        return on_ended(w, c, e->ended);
    case EVENT(OPINION_GIVEN):
    case EVENT(SUPPLEMENTED):
        return 0;
    default:
        return fold_is_join(e) ? fold_join_event(w, c, e) : fold_task_event(w, c, e);
    }
}

// The confirmation's clock runs exactly while the whistle is REPORTED, or joined and what goes on
// of it is reported.
static void follow_state(struct whistle *w, const struct fold_context *c)
{
    if (!whistle_awaits_confirm(w)) {
        w->confirm.from = w->confirm.due = 0;
        if (whistle_in_work(w))
            w->confirmed = 0;
        return;
    }
    if (w->confirm.due == 0)
        w->confirm = (struct task_clock){.from = c->at,
                                         .due = clock_confirm(c->district, w, c->at),
                                         .round = (uint16_t)(w->confirm.round + 1)};
}

static bool creates(const Whistle__V1__DispatchEvent *e)
{
    return e->what_case == EVENT(RECEIVED) || e->what_case == EVENT(DISPATCHED) ||
           e->what_case == EVENT(HELD) || e->what_case == EVENT(JOINED);
}

static bool changes_nothing(const Whistle__V1__DispatchEvent *e)
{
    if (e->what_case == EVENT(NOTICE_ISSUED))
        return e->notice_issued->n_reminded == 0 && e->notice_issued->collected == 0;
    return e->what_case == EVENT(DISTRICT_ADOPTED) || e->what_case == EVENT(NOTICE_SENT) ||
           e->what_case == EVENT(NOTICE_FAILED) || e->what_case == EVENT(WITHDRAWAL_NOTED);
}

int fold(struct whistle_room *room, const struct fold_context *context,
         const Whistle__V1__DispatchEvent *event)
{
    struct whistle *w = &room->whistle;
    if (changes_nothing(event) || context->object == 0)
        return 0;
    if (w->number != context->object && !(creates(event) && w->number == 0))
        return WH_E_INVALID;
    int error = fold_whistle(w, context, event);
    if (error < 0)
        return error;
    w->version++;
    follow_state(w, context);
    return 0;
}

struct fold_context fold_context_of(const struct wh_district *district,
                                    const Whistle__V1__Event *envelope)
{
    const Whistle__V1__Actor *a = envelope->actor;
    return (struct fold_context){
        .district = district,
        .at = envelope->at,
        .object = envelope->object,
        .identity = a != NULL ? a->identity : "",
        .officer = a != NULL ? a->officer : "",
        .is_district = a != NULL && strcmp(a->identity, BACKSTOP) == 0,
    };
}
