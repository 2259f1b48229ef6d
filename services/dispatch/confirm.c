// SPDX-License-Identifier: Apache-2.0
// What the raising side says of the work: confirm (jointly raised: everybody), send back (twice,
// then supervision), rate; the community's opinion beside it; the department's one answer to a
// rating.
#include "dispatch/clock.h"
#include "dispatch/decide_internal.h"
#include "dispatch/words.h"

// ---- sending back -------------------------------------------------------------------------------
struct selection {
    size_t n;
    const struct task *tasks[TASKS_MAX];
};

static void select_if(struct deciding *x, struct selection *s, bool only_unsolved)
{
    s->n = 0;
    for (size_t i = 0; i < x->pen.w->n_tasks; i++) {
        const struct task *t = &x->pen.w->tasks[i];
        if (t->state == TASK(REPORTED) && !(only_unsolved && t->outcome == OUTCOME(SOLVED)))
            s->tasks[s->n++] = t;
    }
}

// Those named; else with PARTLY the ones that did not report SOLVED, if any; else all reported
// ones.
static enum wh_rule select_back(struct deciding *x, struct selection *s)
{
    const struct command *c = x->command;
    s->n = 0;
    for (size_t i = 0; i < c->n_parties; i++) {
        const struct task *t = whistle_task(x->pen.w, c->parties[i]);
        if (t == NULL)
            return refuse(x, WH_RULE_TASK_UNKNOWN, "tasks", "no such task on %s", x->pen.number);
        if (t->state != TASK(REPORTED))
            return refuse(x, WH_RULE_CONFIRM_TASKS, "tasks", "%s has not reported",
                          pen_code(&x->pen, t->department));
        bool twice = false;
        for (size_t k = 0; k < s->n; k++)
            twice = twice || s->tasks[k] == t;
        if (!twice && s->n < TASKS_MAX)
            s->tasks[s->n++] = t;
    }
    if (c->n_parties == 0 && c->choice == VERDICT(PARTLY))
        select_if(x, s, true);
    if (c->n_parties == 0 && s->n == 0)
        select_if(x, s, false);
    if (s->n == 0)
        return refuse(x, WH_RULE_CONFIRM_NOT_REPORTED, "verdict", "no task is reported");
    for (size_t i = 0; i < s->n; i++)
        if (s->tasks[i]->rework >= 2)
            return refuse(x, WH_RULE_CONFIRM_REWORK_TWICE, "tasks", "%s was reworked twice",
                          pen_code(&x->pen, s->tasks[i]->department));
    return WH_RULE_NONE;
}

static Whistle__V1__TaskClocks *rework_clocks(struct deciding *x, const struct task *t)
{
    Whistle__V1__TaskClocks *clocks = pen_message(&x->pen, &whistle__v1__task_clocks__descriptor);
    int64_t report = clock_next_report(district_of(x), x->pen.w, now_of(x));
    clocks->task = pen_task_id(&x->pen, t->department);
    clocks->due_sign = t->clocks[CLOCK_SIGN].due;
    clocks->due_checkin = t->clocks[CLOCK_CHECKIN].due;
    clocks->due_report = report != 0 ? report : t->clocks[CLOCK_REPORT].due;
    clocks->due_resolve = clock_rework(district_of(x), x->pen.w, t, now_of(x));
    clocks->supervised = t->rework == 1;
    return clocks;
}

static void tell_rework(struct deciding *x, const struct selection *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct task *t = s->tasks[i];
        struct message m = {.kind = NOTICE_REWORK,
                            .department = t->department,
                            .receiver = t->department,
                            .due = t->clocks[CLOCK_RESOLVE].due,
                            .choice = t->rework == 2};
        tell(&x->pen, &m);
        m.level = 4;
        if (t->rework == 2)
            tell(&x->pen, &m);
    }
}

static void confirm_tasks(struct deciding *x, Whistle__V1__WhistleConfirmed *e,
                          const struct selection *except)
{
    size_t cap = 0;
    for (size_t i = 0; i < x->pen.w->n_tasks; i++) {
        const struct task *t = &x->pen.w->tasks[i];
        bool back = false;
        for (size_t k = 0; except != NULL && k < except->n; k++)
            back = back || except->tasks[k] == t;
        if (t->state == TASK(REPORTED) && !back)
            pen_append(&x->pen, (void ***)&e->confirmed, &e->n_confirmed, &cap,
                       pen_task_id(&x->pen, t->department));
    }
}

static enum wh_rule send_back(struct deciding *x, Whistle__V1__WhistleConfirmed *e, size_t n_sides)
{
    struct selection s;
    size_t cap = 0;
    enum wh_rule rule = select_back(x, &s);
    if (rule != WH_RULE_NONE)
        return rule;
    for (size_t i = 0; i < s.n; i++)
        pen_append(&x->pen, (void ***)&e->reworked, &e->n_reworked, &cap,
                   rework_clocks(x, s.tasks[i]));
    if (e->verdict == VERDICT(PARTLY) && n_sides == 1)
        confirm_tasks(x, e, &s);
    pen_emit(&x->pen);
    tell_rework(x, &s);
    return WH_RULE_NONE;
}

// ---- confirming ---------------------------------------------------------------------------------
void resolve(struct pen *p)
{
    Whistle__V1__WhistleResolved *e =
        pen_event(p, EVENT(RESOLVED), &whistle__v1__whistle_resolved__descriptor);
    e->number = pen_text(p, p->number);
    pen_emit(p);
}

static enum wh_rule accept(struct deciding *x, Whistle__V1__WhistleConfirmed *e, int side,
                           size_t n_sides)
{
    const struct whistle *w = x->pen.w;
    unsigned all = (1U << n_sides) - 1, with_us = w->confirmed | 1U << side;
    if (whistle_in_work(w) && !whistle_awaits_confirm(w))
        return refuse(x, WH_RULE_CONFIRM_NOT_REPORTED, "number", "some tasks are not reported");
    if (w->confirmed & 1U << side)
        return refuse(x, WH_RULE_CONFIRM_DONE, "number", "the other raising side comes next");
    bool last = !whistle_in_work(w) || (with_us & all) == all;
    if (last)
        confirm_tasks(x, e, NULL);
    pen_emit(&x->pen);
    if (last && w->stage != STATE(MERGED))
        resolve(&x->pen);
    return WH_RULE_NONE;
}

static enum wh_rule check_confirm(struct deciding *x, int side)
{
    const struct whistle *w = x->pen.w;
    bool self = w->stage == STATE(SELF);
    if (side < 0)
        return refuse(x, WH_RULE_RAISER_ONLY, "number", "only the raising side confirms");
    if ((whistle_in_work(w) && whistle_is_open(w)) ||
        (self && x->command->choice == VERDICT(SOLVED)))
        return x->command->choice != 0 ? WH_RULE_NONE
                                       : refuse(x, WH_RULE_FIELD_MISSING, "verdict", "a verdict");
    if (w->stage == STATE(MERGED))
        return refuse(x, WH_RULE_WHISTLE_MERGED, "number", "it is joined to another whistle");
    if (whistle_is_open(w))
        return refuse(x, WH_RULE_WHISTLE_NOT_DISPATCHED, "number", "nobody has worked on it yet");
    return refuse(x, WH_RULE_WHISTLE_ENDED, "number", "the whistle has ended");
}

enum wh_rule decide_confirm(struct deciding *x)
{
    int32_t sides[1 + JOINT_MAX], speaker = x->pen.c->actor.party;
    size_t n_sides = whistle_sides(x->pen.w, district_of(x), sides);
    int side = whistle_side(x->pen.w, district_of(x), speaker);
    enum wh_rule rule = check_confirm(x, side);
    if (rule != WH_RULE_NONE)
        return rule;
    Whistle__V1__WhistleConfirmed *e =
        pen_event(&x->pen, EVENT(CONFIRMED), &whistle__v1__whistle_confirmed__descriptor);
    e->number = pen_text(&x->pen, x->pen.number);
    e->by = pen_code(&x->pen, speaker);
    e->verdict = (Whistle__V1__ConfirmVerdict)x->command->choice;
    e->text = text_of(x->command->text);
    e->rating = x->command->rating;
    if (e->verdict == VERDICT(SOLVED))
        return accept(x, e, side, n_sides);
    return send_back(x, e, n_sides);
}

// ---- rating -------------------------------------------------------------------------------------
enum wh_rule decide_rate(struct deciding *x)
{
    if (!acts_as_side(x))
        return refuse(x, WH_RULE_RAISER_ONLY, "task", "only the raising side rates");
    if (!task_is_reported(x->task))
        return refuse(x, WH_RULE_RATE_EARLY, "task", "%s is not reported", x->task_id);
    if (x->task->rating != 0)
        return refuse(x, WH_RULE_RATE_ONCE, "task", "%s is rated", x->task_id);
    if (x->command->choice == 0)
        return refuse(x, WH_RULE_FIELD_MISSING, "rating", "a rating, please");
    Whistle__V1__TaskRated *e =
        pen_event(&x->pen, EVENT(RATED), &whistle__v1__task_rated__descriptor);
    e->task = x->task_id;
    e->rating = (Whistle__V1__Rating)x->command->choice;
    e->text = text_of(x->command->text);
    pen_emit(&x->pen);
    return WH_RULE_NONE;
}

enum wh_rule decide_reply(struct deciding *x)
{
    if (!acts_as_department(x))
        return refuse(x, WH_RULE_TASK_NOT_YOURS, "task", "the rated department answers");
    if (x->task->rating == 0)
        return refuse(x, WH_RULE_REPLY_NONE, "task", "%s is not rated", x->task_id);
    if (x->task->flags & TASK_REPLIED)
        return refuse(x, WH_RULE_REPLY_ONCE, "task", "%s's rating is answered", x->task_id);
    if (x->command->text == NULL || x->command->text[0] == '\0')
        return refuse(x, WH_RULE_FIELD_MISSING, "text", "give a reason");
    Whistle__V1__RatingReplied *e =
        pen_event(&x->pen, EVENT(RATING_REPLIED), &whistle__v1__rating_replied__descriptor);
    e->task = x->task_id;
    e->text = text_of(x->command->text);
    pen_emit(&x->pen);
    return WH_RULE_NONE;
}

enum wh_rule decide_opinion(struct deciding *x)
{
    const struct whistle *w = x->pen.w;
    int32_t speaker = x->pen.c->actor.party;
    const struct wh_unit *unit = wh_district_unit_by_id(district_of(x), speaker);
    bool concerned = speaker == w->asked_by || speaker == w->unit || speaker == w->place;
    if (unit == NULL || !wh_unit_is_community(unit) || !concerned)
        return refuse(x, WH_RULE_OPINION_COMMUNITY, "number", "only the community concerned");
    Whistle__V1__OpinionGiven *e =
        pen_event(&x->pen, EVENT(OPINION_GIVEN), &whistle__v1__opinion_given__descriptor);
    e->number = pen_text(&x->pen, x->pen.number);
    e->unit = pen_code(&x->pen, speaker);
    e->rating = (Whistle__V1__Rating)x->command->choice;
    e->text = text_of(x->command->text);
    pen_emit(&x->pen);
    return WH_RULE_NONE;
}
