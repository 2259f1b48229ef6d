// SPDX-License-Identifier: Apache-2.0
// The fold of what dedup brings about: held back, joined to a matter and parted from it, supported
// by others. A join takes nothing that a parting does not give back: a cancelled task keeps its
// state of before, its clocks stand; only due_resolve moves, by the time between (P2 to P4).
#include "base/error.h"
#include "dispatch/fold_internal.h"
#include "dispatch/words.h"

static int on_held(struct whistle *w, const struct fold_context *c,
                   const Whistle__V1__WhistleHeldBack *e)
{
    w->stage = STATE(HELD);
    w->held_until = e->until_at;
    return fold_facts(w, c, e->whistle);
}

static int cancel(struct whistle *w, const struct fold_context *c, const char *id)
{
    struct task *t = fold_task_of(w, c, id);
    if (t == NULL || !task_is_open(t))
        return WH_E_INVALID;
    t->flags = (uint16_t)((t->flags & ~TASK_BEFORE) | t->state << TASK_BEFORE_SHIFT);
    t->state = TASK(CANCELLED);
    return 0;
}

static int on_joined(struct whistle *w, const struct fold_context *c,
                     const Whistle__V1__WhistleJoined *e)
{
    int error = whistle_number_parse(c->district, e->into, &w->merged_into);
    if (error == 0 && e->whistle != NULL)
        error = fold_facts(w, c, e->whistle);
    if (error < 0 || w->number == 0)
        return WH_E_INVALID;
    if (w->stage != STATE(MERGED)) {
        w->joined_stage = w->stage;
        w->joined_at = c->at;
    }
    w->stage = STATE(MERGED);
    w->held_until = 0;
    for (size_t i = 0; i < e->n_cancelled && error == 0; i++)
        error = cancel(w, c, e->cancelled[i]);
    return error;
}

static int restore(struct whistle *w, const struct fold_context *c,
                   const Whistle__V1__TaskClocks *clocks)
{
    struct task *t = fold_task_of(w, c, clocks->task);
    if (t == NULL || t->state != TASK(CANCELLED) || task_before_join(t) == 0)
        return WH_E_INVALID;
    t->state = task_before_join(t);
    t->flags = (uint16_t)(t->flags & ~TASK_BEFORE);
    t->paused_ms += c->at - w->joined_at; // counts where its priority is not P1, or is lowered
    if (clocks->due_resolve == t->clocks[CLOCK_RESOLVE].due)
        return 0;
    clock_set(&t->clocks[CLOCK_RESOLVE], t->clocks[CLOCK_RESOLVE].from, clocks->due_resolve);
    return 0;
}

static int on_parted(struct whistle *w, const struct fold_context *c,
                     const Whistle__V1__WhistleParted *e)
{
    int error = 0;
    if (e->untaken)
        return 0;
    for (size_t i = 0; i < e->n_restored && error == 0; i++)
        error = restore(w, c, e->restored[i]);
    if (w->stage == STATE(MERGED)) // else it is withdrawn, or it was only perhaps the same
        w->stage = whistle_has_tasks(w) ? w->joined_stage : STATE(BLOWN);
    w->joined_stage = 0;
    w->merged_into = w->joined_at = 0;
    return error;
}

static int on_supported(struct whistle *w, const Whistle__V1__WhistleSupported *e)
{
    w->flags |= WHISTLE_MATTER;
    if (e->tell_at != 0) {
        w->untold += e->reports > 1 ? (uint32_t)e->reports : 1;
        w->tell_at = e->tell_at;
    }
    return 0;
}

static int on_lost(struct whistle *w, const Whistle__V1__SupportLost *e)
{
    if (e->untold < 0 || (uint32_t)e->untold > w->untold)
        return WH_E_INVALID;
    w->untold -= (uint32_t)e->untold;
    if (e->untold > 0 && w->untold == 0)
        w->tell_at = 0;
    return 0;
}

void fold_told(struct whistle *w, int64_t at)
{
    w->untold = 0;
    w->tell_at = 0;
    w->told_at = at;
}

bool fold_is_join(const Whistle__V1__DispatchEvent *e)
{
    switch (e->what_case) {
    case EVENT(HELD):
    case EVENT(JOINED):
    case EVENT(PARTED):
    case EVENT(SUPPORTED):
    case EVENT(SUPPORT_LOST):
    case EVENT(RECURS):
        return true;
    default:
        return false;
    }
}

int fold_join_event(struct whistle *w, const struct fold_context *c,
                    const Whistle__V1__DispatchEvent *e)
{
    switch (e->what_case) {
    case EVENT(HELD):
        return on_held(w, c, e->held);
    case EVENT(JOINED):
        return on_joined(w, c, e->joined);
    case EVENT(PARTED):
        return on_parted(w, c, e->parted);
    case EVENT(SUPPORTED):
        return on_supported(w, e->supported);
    case EVENT(SUPPORT_LOST):
        return on_lost(w, e->support_lost);
    default: // a matter that came back: history says so
        return 0;
    }
}
