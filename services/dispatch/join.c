// SPDX-License-Identifier: Apache-2.0
// What dedup says of a whistle itself: it goes out, waits for a person's word, is joined to a
// matter (its tasks are cancelled, but for those who have checked in), leaves it again. The same
// word twice, or one that comes when a person has decided otherwise, changes nothing.
#include "dispatch/decide_internal.h"
#include "dispatch/escalate.h"
#include "dispatch/words.h"

#define DEDUP(x) WHISTLE__V1__DEDUP_EVENT__WHAT_##x
#define NO_WORD "逾时无人判断,先行派单 / nobody has said what it is: it goes out"
#define HAS_ENDED "它已结束,不再归并 / it has ended and is not joined any more"
#define NO_MATTER \
    "要并入的事项不在办,照常派单 / the matter it was to join is not at work: it goes out"

// As it goes out now: what was decided of its priority while it waited stays.
static void send_out_held(struct pen *p, const Whistle__V1__WhistleBlown *said,
                          const struct going_out *with)
{
    Whistle__V1__WhistleBlown blown = *said;
    Whistle__V1__WhistleFacts facts;
    bool held = p->w->stage == STATE(HELD) || p->w->stage == STATE(BLOWN);
    if (!held || said->whistle->priority == (Whistle__V1__Priority)p->w->priority) {
        send_out(p, said, with);
        return;
    }
    facts = *said->whistle;
    facts.priority = (Whistle__V1__Priority)p->w->priority;
    blown.whistle = pen_alloc(p, sizeof facts);
    if (p->failed)
        return;
    *blown.whistle = facts;
    send_out(p, &blown, with);
}

static bool has_facts(const Whistle__V1__WhistleBlown *blown)
{
    return blown != NULL && blown->whistle != NULL;
}

// A person says that it is not the same as those: it is out already, and stays as it is.
static void separate(struct pen *p, const Whistle__V1__WhistleCleared *said)
{
    for (size_t i = 0; i < said->n_apart && i < DECISION_EVENTS && p->w->number != 0; i++) {
        Whistle__V1__WhistleParted *e =
            pen_event(p, EVENT(PARTED), &whistle__v1__whistle_parted__descriptor);
        e->number = pen_text(p, p->number);
        e->from = said->apart[i];
        pen_emit(p);
    }
}

static void on_cleared(struct pen *p, const Whistle__V1__WhistleCleared *said)
{
    if (!waits_for_dispatch(p->w)) {
        separate(p, said);
        return;
    }
    if (!has_facts(said->blown)) {
        p->broken = true;
        return;
    }
    send_out_held(p, said->blown,
                  &(struct going_out){.perhaps = said->perhaps, .n_perhaps = said->n_perhaps});
}

static void on_held(struct pen *p, const Whistle__V1__WhistleHeld *said)
{
    if (!waits_for_dispatch(p->w) || p->w->stage == STATE(HELD))
        return;
    if (!has_facts(said->blown)) {
        p->broken = true;
        return;
    }
    if (ended_before(p, said->blown->whistle))
        return;
    Whistle__V1__WhistleHeldBack *e =
        pen_event(p, EVENT(HELD), &whistle__v1__whistle_held_back__descriptor);
    e->whistle = said->blown->whistle;
    e->until_at = said->until_at;
    e->perhaps = said->perhaps;
    e->n_perhaps = said->n_perhaps;
    pen_emit(p);
    if (!p->failed && !p->broken)
        tell(p, &(struct message){
                    .kind = NOTICE_HELD, .receiver = p->w->street, .due = said->until_at});
}

// ---- join ---------------------------------------------------------------------------------------
// A person's join leaves who has checked in; a verdict that came late, to a whistle that went out
// unchecked, also who has signed.
static bool is_cancelled(const struct task *t, bool by_person)
{
    return task_is_open(t) && t->checked_in_at == 0 && (by_person || t->signed_at == 0);
}

static void tell_joined(struct pen *p, const bool *cancelled, const char *into)
{
    for (size_t i = 0; i < p->w->n_tasks; i++) {
        const struct task *t = &p->w->tasks[i];
        if (cancelled[i] || task_is_open(t))
            tell(p, &(struct message){.kind = NOTICE_JOINED,
                                      .department = t->department,
                                      .receiver = t->department,
                                      .choice = cancelled[i],
                                      .text = into});
    }
}

static void join(struct pen *p, const Whistle__V1__WhistleMerged *said)
{
    struct whistle *w = p->w;
    bool cancelled[TASKS_MAX] = {false}, awaited = whistle_awaits_confirm(w);
    size_t cap = 0;
    Whistle__V1__WhistleJoined *e =
        pen_event(p, EVENT(JOINED), &whistle__v1__whistle_joined__descriptor);
    e->number = pen_text(p, p->number);
    e->into = said->into;
    e->whistle = !whistle_has_tasks(w) && has_facts(said->blown) ? said->blown->whistle : NULL;
    e->why = said->why;
    e->reason = said->reason;
    e->by_person = said->by_person;
    for (size_t i = 0; w->stage == STAGE_IN_TASKS && i < w->n_tasks; i++) {
        cancelled[i] = is_cancelled(&w->tasks[i], said->by_person);
        if (cancelled[i])
            pen_append(p, (void ***)&e->cancelled, &e->n_cancelled, &cap,
                       pen_task_id(p, w->tasks[i].department));
    }
    pen_emit(p);
    if (p->failed || p->broken)
        return;
    tell_joined(p, cancelled, said->into);
    tell_reported(p, awaited);
}

// Dedup hears of it and takes its join back, so that both say the same.
static void say_untaken(struct pen *p, const Whistle__V1__WhistleMerged *said, const char *why)
{
    Whistle__V1__WhistleParted *e =
        pen_event(p, EVENT(PARTED), &whistle__v1__whistle_parted__descriptor);
    e->number = pen_text(p, p->number);
    e->from = said->into;
    e->reason = pen_text(p, why);
    e->untaken = true;
    pen_emit(p);
}

static void on_merged(struct pen *p, const Whistle__V1__WhistleMerged *said, bool taken)
{
    struct whistle *w = p->w;
    int64_t into;
    bool waiting = waits_for_dispatch(w);
    if (whistle_number_parse(p->c->district, said->into, &into) < 0 ||
        ((w->number == 0 || (waiting && !taken)) && !has_facts(said->blown))) {
        p->broken = true;
        return;
    }
    if (w->merged_into == into || into == p->d->object)
        return; // it is so already
    bool ended = w->stage == STATE(CANCELLED) || w->stage == STATE(SELF);
    if (!ended && waiting && has_facts(said->blown))
        ended = ended_before(p, said->blown->whistle);
    if (!ended && taken) {
        join(p, said);
        return;
    }
    if (!ended && waiting)
        send_out_held(p, said->blown, &(struct going_out){.note = NO_MATTER});
    say_untaken(p, said, ended ? HAS_ENDED : NO_MATTER);
}

// ---- split --------------------------------------------------------------------------------------
static Whistle__V1__TaskClocks *clocks_again(struct pen *p, const struct task *t)
{
    Whistle__V1__TaskClocks *clocks = pen_message(p, &whistle__v1__task_clocks__descriptor);
    int64_t resolve = t->clocks[CLOCK_RESOLVE].due;
    clocks->task = pen_task_id(p, t->department);
    clocks->due_sign = t->clocks[CLOCK_SIGN].due;
    clocks->due_checkin = t->clocks[CLOCK_CHECKIN].due;
    clocks->due_report = t->clocks[CLOCK_REPORT].due;
    bool moves = resolve != 0 && p->w->priority != PRIORITY(P1);
    clocks->due_resolve = moves ? resolve + (p->c->now - p->w->joined_at) : resolve;
    return clocks;
}

static void part(struct pen *p, const Whistle__V1__WhistleSplit *said)
{
    struct whistle *w = p->w;
    bool restored[TASKS_MAX] = {false};
    size_t cap = 0;
    Whistle__V1__WhistleParted *e =
        pen_event(p, EVENT(PARTED), &whistle__v1__whistle_parted__descriptor);
    e->number = pen_text(p, p->number);
    e->from = said->from;
    e->reason = said->reason;
    for (size_t i = 0; w->stage == STATE(MERGED) && i < w->n_tasks; i++) {
        restored[i] = task_before_join(&w->tasks[i]) != 0;
        if (restored[i])
            pen_append(p, (void ***)&e->restored, &e->n_restored, &cap,
                       clocks_again(p, &w->tasks[i]));
    }
    pen_emit(p);
    for (size_t i = 0; i < w->n_tasks && !p->failed && !p->broken; i++)
        if (restored[i])
            tell(p, &(struct message){.kind = NOTICE_PARTED,
                                      .department = w->tasks[i].department,
                                      .receiver = w->tasks[i].department,
                                      .due = w->tasks[i].clocks[CLOCK_RESOLVE].due,
                                      .text = said->from});
}

static void on_split(struct pen *p, const Whistle__V1__WhistleSplit *said)
{
    struct whistle *w = p->w;
    bool joined = w->merged_into != 0; // also where it was withdrawn meanwhile
    bool goes_out = w->stage == STATE(MERGED) ? !whistle_has_tasks(w) : waits_for_dispatch(w);
    if (!joined && !goes_out)
        return;
    if (goes_out && !has_facts(said->blown)) {
        p->broken = true;
        return;
    }
    if (joined)
        part(p, said);
    if (joined && !goes_out && has_facts(said->blown) && !p->failed && !p->broken)
        change_priority(p, said->blown->whistle->priority, said->reason, true);
    if (goes_out && !p->failed && !p->broken)
        send_out_held(p, said->blown, &(struct going_out){.note = NULL});
    if (!goes_out && w->stage == STAGE_IN_TASKS && whistle_state(w) == STATE(RESOLVED))
        resolve(p); // whatever was left of it was confirmed while it was joined
}

static void on_recurs(struct pen *p, const Whistle__V1__WhistleRecurs *said)
{
    if (p->w->number == 0)
        return;
    Whistle__V1__WhistleRecurs *e =
        pen_event(p, EVENT(RECURS), &whistle__v1__whistle_recurs__descriptor);
    e->number = pen_text(p, p->number);
    e->of = said->of;
    e->reason = said->reason;
    pen_emit(p);
}

// ---- the table ----------------------------------------------------------------------------------
static void follow(struct pen *p, const Whistle__V1__DedupEvent *e, bool taken)
{
    switch (e->what_case) {
    case DEDUP(FORWARDED):
        if (e->forwarded->event != NULL)
            follow_intake(p, e->forwarded->event);
        return;
    case DEDUP(CLEARED):
        on_cleared(p, e->cleared);
        return;
    case DEDUP(HELD):
        on_held(p, e->held);
        return;
    case DEDUP(MERGED):
        on_merged(p, e->merged, taken);
        return;
    case DEDUP(SPLIT):
        on_split(p, e->split);
        return;
    case DEDUP(RECURS):
        on_recurs(p, e->recurs);
        return;
    default: // districts are the handler's; moved: what we said ourselves
        return;
    }
}

int decide_dedup(const Whistle__V1__DedupEvent *event, const struct whistle *w, int64_t number,
                 bool taken, const struct decision_context *context, struct decision *d)
{
    struct pen p;
    pen_begin(&p, context, w, number, d);
    follow(&p, event, taken);
    return pen_end(&p);
}

int decide_unheld(const struct whistle *w, const Whistle__V1__WhistleHeldBack *held,
                  const struct decision_context *context, struct decision *d)
{
    struct pen p;
    Whistle__V1__WhistleBlown blown = WHISTLE__V1__WHISTLE_BLOWN__INIT;
    pen_begin(&p, context, w, w->number, d);
    blown.whistle = held->whistle;
    if (w->stage == STATE(HELD) && held->whistle != NULL &&
        w->held_until + HELD_GRACE_MS <= context->now)
        send_out_held(&p, &blown,
                      &(struct going_out){.perhaps = held->perhaps,
                                          .n_perhaps = held->n_perhaps,
                                          .unchecked = true,
                                          .note = NO_WORD});
    return pen_end(&p);
}

int decide_noted(int64_t number, const char *reason, const struct decision_context *context,
                 struct decision *d)
{
    struct pen p;
    pen_begin(&p, context, NULL, number, d);
    Whistle__V1__WithdrawalNoted *e =
        pen_event(&p, EVENT(WITHDRAWAL_NOTED), &whistle__v1__withdrawal_noted__descriptor);
    e->number = pen_text(&p, p.number);
    e->reason = text_of(reason);
    e->by = pen_code(&p, context->actor.party);
    pen_hear(&p, context->actor.party);
    pen_emit(&p);
    return pen_end(&p);
}
