// SPDX-License-Identifier: Apache-2.0
// Decisions about a whole whistle: reopen, withdraw, add departments, rule it closed by two
// persons.
#include "dispatch/clock.h"
#include "dispatch/decide_internal.h"
#include "dispatch/words.h"

static bool given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

// ---- reopen -------------------------------------------------------------------------------------
static Whistle__V1__TaskClocks *fresh_clocks(struct pen *p, const struct task *t)
{
    Whistle__V1__TaskClocks *clocks = pen_message(p, &whistle__v1__task_clocks__descriptor);
    struct dues d = clock_dues(p->c->district, p->w->times_set,
                               (Whistle__V1__Priority)p->w->priority, p->c->now);
    clocks->task = pen_task_id(p, t->department);
    clocks->due_sign = d.sign;
    clocks->due_checkin = d.checkin;
    clocks->due_report = d.report;
    clocks->due_resolve = d.resolve;
    return clocks;
}

static bool is_confirmed(const struct task *t)
{
    return t->state == TASK(CONFIRMED);
}

static bool is_reworking(const struct task *t)
{
    return t->state == TASK(REWORK);
}

void reopen(struct pen *p, char *reason)
{
    size_t cap = 0;
    Whistle__V1__WhistleReopened *e =
        pen_event(p, EVENT(REOPENED), &whistle__v1__whistle_reopened__descriptor);
    e->number = pen_text(p, p->number);
    e->reason = reason;
    for (size_t i = 0; i < p->w->n_tasks; i++)
        if (is_confirmed(&p->w->tasks[i]))
            pen_append(p, (void ***)&e->tasks, &e->n_tasks, &cap, fresh_clocks(p, &p->w->tasks[i]));
    int64_t due = e->n_tasks > 0 ? e->tasks[0]->due_report : 0;
    pen_emit(p);
    tell_departments(p, &(struct message){.kind = NOTICE_REOPENED, .due = due}, is_reworking);
}

enum wh_rule decide_reopen(struct deciding *x)
{
    const struct whistle *w = x->pen.w;
    if (!acts_as_side(x))
        return refuse(x, WH_RULE_RAISER_ONLY, "number", "only the raising side reopens");
    if ((w->stage != STATE(RESOLVED) && w->stage != STATE(CLOSED)) || !whistle_has_tasks(w))
        return refuse(x, WH_RULE_REOPEN_STATE, "number", "it is not resolved by departments");
    if (!given(x->command->reason))
        return refuse(x, WH_RULE_FIELD_MISSING, "reason", "say why");
    reopen(&x->pen, text_of(x->command->reason));
    return WH_RULE_NONE;
}

// ---- withdraw -----------------------------------------------------------------------------------
// Those who have already answered must hear that they need not come.
static bool has_answered(const struct task *t)
{
    return t->signed_at != 0 || t->checked_in_at != 0;
}

// Do others stand behind the matter, raised by sides that the caller does not speak for?
static bool is_supported_by_others(const struct deciding *x)
{
    const struct audience *a = x->pen.c->audience;
    int32_t own = whistle_side_of(district_of(x), x->pen.c->actor.party);
    for (uint32_t i = 0; a != NULL && a->supporters > 0 && i < a->n_units; i++)
        if (whistle_side_of(district_of(x), a->units[i]) != own)
            return true;
    return false;
}

static enum wh_rule check_withdraw(struct deciding *x)
{
    const struct whistle *w = x->pen.w;
    if (!acts_as_side(x) && !acts_as(x, w->unit))
        return refuse(x, WH_RULE_RAISER_ONLY, "number", "only the raising side withdraws");
    if (!whistle_in_work(w) && w->stage != STATE(SELF) && w->stage != STATE(HELD))
        return refuse(x, WH_RULE_WITHDRAW_STATE, "number", "it is not in the departments' hands");
    if (w->stage != STATE(MERGED) && is_supported_by_others(x))
        return refuse(x, WH_RULE_WITHDRAW_SUPPORTED, "number", "%u reports stand behind it",
                      (unsigned)x->pen.c->audience->supporters);
    if (!given(x->command->reason))
        return refuse(x, WH_RULE_FIELD_MISSING, "reason", "say why");
    return WH_RULE_NONE;
}

enum wh_rule decide_withdraw(struct deciding *x)
{
    struct whistle *w = x->pen.w;
    bool answered[TASKS_MAX] = {false};
    size_t cap = 0;
    enum wh_rule rule = check_withdraw(x);
    if (rule != WH_RULE_NONE)
        return rule;
    Whistle__V1__WhistleWithdrawn *e =
        pen_event(&x->pen, EVENT(WITHDRAWN), &whistle__v1__whistle_withdrawn__descriptor);
    e->number = pen_text(&x->pen, x->pen.number);
    e->reason = text_of(x->command->reason);
    for (size_t i = 0; i < w->n_tasks; i++) {
        answered[i] = task_is_open(&w->tasks[i]) && has_answered(&w->tasks[i]);
        if (task_is_open(&w->tasks[i]))
            pen_append(&x->pen, (void ***)&e->cancelled, &e->n_cancelled, &cap,
                       pen_task_id(&x->pen, w->tasks[i].department));
    }
    pen_emit(&x->pen);
    for (size_t i = 0; i < w->n_tasks; i++)
        if (answered[i])
            tell(&x->pen, &(struct message){.kind = NOTICE_WITHDRAWN,
                                            .department = w->tasks[i].department,
                                            .receiver = w->tasks[i].department});
    return WH_RULE_NONE;
}

// ---- add ----------------------------------------------------------------------------------------
static enum wh_rule check_add(struct deciding *x)
{
    const struct whistle *w = x->pen.w;
    const struct command *c = x->command;
    if (!acts_as_side(x) && !acts_as(x, w->street) && !acts_as_district(x))
        return refuse(x, WH_RULE_ADD_WHO, "number", "not your whistle");
    if (c->n_parties == 0)
        return refuse(x, WH_RULE_FIELD_MISSING, "departments", "name a department");
    if (w->n_tasks + c->n_parties > TASKS_MAX)
        return refuse(x, WH_RULE_ADD_FULL, "departments", "too many departments");
    for (size_t i = 0; i < c->n_parties; i++) {
        const char *code = pen_code(&x->pen, c->parties[i]);
        if (code[0] == '\0')
            return refuse(x, WH_RULE_FIELD_UNKNOWN, "departments", "no such department");
        if (whistle_task(w, c->parties[i]) != NULL)
            return refuse(x, WH_RULE_ADD_ALREADY, "departments", "%s has a task already", code);
        if (whistle_side(w, district_of(x), c->parties[i]) >= 0)
            return refuse(x, WH_RULE_ADD_RAISER, "departments", "%s raised it", code);
        for (size_t k = 0; k < i; k++)
            if (c->parties[k] == c->parties[i])
                return refuse(x, WH_RULE_ADD_ALREADY, "departments", "%s stands twice", code);
    }
    return WH_RULE_NONE;
}

enum wh_rule decide_add(struct deciding *x)
{
    struct pen *p = &x->pen;
    size_t cap = 0, first = p->w->n_tasks;
    enum wh_rule rule = check_add(x);
    if (rule != WH_RULE_NONE)
        return rule;
    Whistle__V1__DepartmentsAdded *e =
        pen_event(p, EVENT(DEPARTMENTS_ADDED), &whistle__v1__departments_added__descriptor);
    e->number = pen_text(p, p->number);
    e->reason = text_of(x->command->reason);
    for (size_t i = 0; i < x->command->n_parties; i++)
        pen_append(p, (void ***)&e->tasks, &e->n_tasks, &cap,
                   assignment(p, x->command->parties[i], PART(SUPPORT)));
    pen_emit(p);
    for (size_t i = first; i < p->w->n_tasks; i++)
        tell(p, &(struct message){.kind = NOTICE_CALL,
                                  .department = p->w->tasks[i].department,
                                  .receiver = p->w->tasks[i].department,
                                  .due = p->w->tasks[i].clocks[CLOCK_CHECKIN].due});
    return WH_RULE_NONE;
}

// ---- ruling it closed ---------------------------------------------------------------------------
static enum wh_rule propose(struct deciding *x)
{
    if (!given(x->command->reason))
        return refuse(x, WH_RULE_FIELD_MISSING, "reason", "say why it ends unsolved");
    Whistle__V1__RuleCloseProposed *e = pen_event(&x->pen, EVENT(RULE_CLOSE_PROPOSED),
                                                  &whistle__v1__rule_close_proposed__descriptor);
    e->number = pen_text(&x->pen, x->pen.number);
    e->reason = text_of(x->command->reason);
    pen_emit(&x->pen);
    struct message m = {.kind = NOTICE_APPROVE, .choice = 4};
    m.receiver = wh_district_id(district_of(x), BACKSTOP);
    if (acts_as_district(x))
        tell_sides(&x->pen, &m);
    else
        tell(&x->pen, &m);
    return WH_RULE_NONE;
}

static enum wh_rule close_it(struct deciding *x)
{
    struct whistle *w = x->pen.w;
    bool open[TASKS_MAX] = {false};
    for (size_t i = 0; i < w->n_tasks; i++)
        open[i] = task_is_open(&w->tasks[i]);
    Whistle__V1__WhistleEnded *e =
        pen_event(&x->pen, EVENT(ENDED), &whistle__v1__whistle_ended__descriptor);
    e->number = pen_text(&x->pen, x->pen.number);
    e->to = STATE(RULED_CLOSED);
    e->reason = text_of(x->command->reason);
    pen_emit(&x->pen);
    for (size_t i = 0; i < w->n_tasks; i++)
        if (open[i])
            tell(&x->pen, &(struct message){.kind = NOTICE_WITHDRAWN,
                                            .department = w->tasks[i].department,
                                            .receiver = w->tasks[i].department,
                                            .choice = 1});
    return WH_RULE_NONE;
}

enum wh_rule decide_rule_close(struct deciding *x)
{
    const struct whistle *w = x->pen.w;
    const struct deciding_actor *actor = &x->pen.c->actor;
    bool district = acts_as_district(x);
    if (!district && !acts_as_side(x))
        return refuse(x, WH_RULE_RULE_CLOSE_WHO, "number", "not your whistle");
    if (w->proposer == 0)
        return propose(x);
    uint64_t person = person_hash(actor->identity == NULL ? "" : actor->identity,
                                  actor->officer == NULL ? "" : actor->officer);
    if (w->proposer == person)
        return refuse(x, WH_RULE_RULE_CLOSE_TWO, "officer", "a second person closes it");
    if (!district && !w->proposer_is_district)
        return refuse(x, WH_RULE_RULE_CLOSE_DISTRICT, "number", "one of the two is the district");
    return close_it(x);
}
