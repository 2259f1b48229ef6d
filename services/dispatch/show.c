// SPDX-License-Identifier: Apache-2.0
// The aggregate as messages. See show.h.
#include "dispatch/show.h"

#include <string.h>

#include "dispatch/next.h"
#include "dispatch/words.h"

static char *code_of(const struct wh_district *district, int32_t party)
{
    const char *code = wh_district_code(district, party);
    return code == NULL ? (char *)protobuf_c_empty_string : (char *)(uintptr_t)code;
}

static Whistle__V1__NextStep *show_next(struct wh_arena *arena, const struct wh_district *district,
                                        struct next_step next)
{
    Whistle__V1__NextStep *n = wh_arena_alloc(arena, sizeof *n);
    if (n == NULL)
        return NULL;
    whistle__v1__next_step__init(n);
    n->action = (char *)(uintptr_t)next.action;
    n->by = code_of(district, next.by);
    n->at = next.at;
    return n;
}

static void show_overdue(const struct whistle *w, const struct task *t, int64_t now,
                         Whistle__V1__Task *shown)
{
    unsigned bits = task_overdue(w, t, now);
    for (int c = CLOCK_SIGN; c <= CLOCK_RESOLVE; c++)
        if (bits & 1U << c)
            shown->overdue[shown->n_overdue++] = clock_proto((enum clock)c);
}

static Whistle__V1__Refusal *show_refusal(const struct task *t, const struct wh_district *district,
                                          struct wh_arena *arena)
{
    Whistle__V1__Refusal *r = wh_arena_alloc(arena, sizeof *r);
    if (r == NULL)
        return NULL;
    whistle__v1__refusal__init(r);
    r->alternative = code_of(district, t->alternative);
    r->refused_at = t->clocks[CLOCK_RULING].from;
    r->late = t->flags & TASK_REFUSED_LATE;
    r->auto_ = (t->flags & (TASK_RULED_AUTO | TASK_RULED)) == TASK_RULED_AUTO;
    if (t->flags & (TASK_RULED | TASK_RULED_AUTO))
        r->verdict = t->flags & TASK_UPHELD ? RULED(UPHELD) : RULED(OVERRULED);
    return r;
}

// What is asked or stands; plan and reason come from the journal.
static bool show_more_time(const struct task *t, struct wh_arena *arena, Whistle__V1__Task *shown)
{
    bool extended = t->extended_until != 0 || t->flags & TASK_EXTENSION_ASKED;
    bool ledger = t->flags & (TASK_ON_LEDGER | TASK_LEDGER_ASKED);
    if (extended) {
        Whistle__V1__Extension *e = wh_arena_alloc(arena, sizeof *e);
        if (e == NULL)
            return false;
        whistle__v1__extension__init(e);
        bool asked = t->flags & TASK_EXTENSION_ASKED;
        e->until_at = asked ? t->asked_until : t->extended_until;
        e->decision = asked ? DECIDED(UNSPECIFIED) : DECIDED(APPROVED);
        shown->extension = e;
    }
    if (ledger) {
        Whistle__V1__Ledger *l = wh_arena_alloc(arena, sizeof *l);
        if (l == NULL)
            return false;
        whistle__v1__ledger__init(l);
        bool asked = t->flags & TASK_LEDGER_ASKED;
        l->until_at = asked ? t->asked_until : t->clocks[CLOCK_RESOLVE].due;
        l->decision = t->flags & TASK_ON_LEDGER ? DECIDED(APPROVED) : DECIDED(UNSPECIFIED);
        l->due_review = t->flags & TASK_ON_LEDGER ? t->clocks[CLOCK_LEDGER].due : 0;
        shown->on_ledger = l;
    }
    return true;
}

static void show_numbers(const struct whistle *w, const struct task *t, Whistle__V1__Task *shown)
{
    bool linked = w->stage == STATE(MERGED) && task_is_live(t); // helps another matter's lead
    shown->part = linked ? PART(SUPPORT) : (Whistle__V1__Part)t->part;
    shown->state = (Whistle__V1__TaskState)t->state;
    shown->dispatched_at = t->dispatched_at;
    shown->due_sign = t->clocks[CLOCK_SIGN].due;
    shown->due_checkin = t->clocks[CLOCK_CHECKIN].due;
    shown->due_report = t->clocks[CLOCK_REPORT].due;
    shown->due_resolve = t->clocks[CLOCK_RESOLVE].due;
    shown->due_ruling = t->state == TASK(DISPUTED) ? t->clocks[CLOCK_RULING].due : 0;
    shown->signed_at = t->signed_at;
    shown->checked_in_at = t->checked_in_at;
    shown->reported_at = t->reported_at;
    shown->outcome = (Whistle__V1__Outcome)t->outcome;
    shown->rating = (Whistle__V1__Rating)t->rating;
    shown->escalation = task_escalation(w, t);
    shown->rework = t->rework;
    shown->supervised = t->flags & TASK_SUPERVISED;
    shown->priority = (Whistle__V1__Priority)w->priority;
}

Whistle__V1__Task *show_task(const struct whistle *w, const struct task *t,
                             const struct wh_district *district, struct wh_arena *arena,
                             int64_t now)
{
    char id[WH_TASK_ID_MAX], number[WH_NUMBER_MAX];
    Whistle__V1__Task *shown = wh_arena_alloc(arena, sizeof *shown);
    if (shown == NULL)
        return NULL;
    whistle__v1__task__init(shown);
    task_id_format(w, district, t->department, id);
    whistle_number_format(w, district, number);
    show_numbers(w, t, shown);
    shown->id = wh_arena_strdup(arena, id);
    shown->number = wh_arena_strdup(arena, number);
    shown->department = code_of(district, t->department);
    shown->unit = code_of(district, w->unit);
    shown->title = wh_arena_strdup(arena, w->title);
    shown->category = wh_arena_strdup(arena, w->category);
    shown->overdue = wh_arena_calloc(arena, 4, sizeof *shown->overdue);
    shown->next = show_next(arena, district, next_of_task(w, district, t));
    if (t->flags & TASK_REFUSED)
        shown->refusal = show_refusal(t, district, arena);
    if (shown->id == NULL || shown->number == NULL || shown->title == NULL ||
        shown->category == NULL || shown->overdue == NULL || shown->next == NULL ||
        (t->flags & TASK_REFUSED && shown->refusal == NULL) || !show_more_time(t, arena, shown))
        return NULL;
    show_overdue(w, t, now, shown);
    return shown;
}

// ---- the whistle --------------------------------------------------------------------------------
static bool show_tasks(const struct whistle *w, const struct wh_district *district,
                       struct wh_arena *arena, int64_t now, Whistle__V1__Whistle *shown)
{
    shown->tasks = wh_arena_calloc(arena, w->n_tasks, sizeof(Whistle__V1__Task *));
    if (shown->tasks == NULL)
        return false;
    for (int cancelled = 0; cancelled < 2; cancelled++) {
        for (size_t i = 0; i < w->n_tasks; i++) {
            if (task_is_live(&w->tasks[i]) == (cancelled != 0))
                continue;
            Whistle__V1__Task *task = show_task(w, &w->tasks[i], district, arena, now);
            if (task == NULL)
                return false;
            shown->tasks[shown->n_tasks++] = task;
        }
    }
    return true;
}

static bool show_units(const struct whistle *w, const struct wh_district *district,
                       struct wh_arena *arena, Whistle__V1__Whistle *shown)
{
    int32_t sides[1 + JOINT_MAX];
    size_t n = whistle_sides(w, district, sides);
    shown->joint_units = wh_arena_calloc(arena, (size_t)w->n_joint + 1, sizeof(char *));
    shown->confirmed_by = wh_arena_calloc(arena, n + 1, sizeof(char *));
    if (shown->joint_units == NULL || shown->confirmed_by == NULL)
        return false;
    for (size_t i = 0; i < w->n_joint; i++)
        shown->joint_units[shown->n_joint_units++] = code_of(district, w->joint[i]);
    for (size_t i = 0; i < n; i++)
        if (w->confirmed & 1U << i)
            shown->confirmed_by[shown->n_confirmed_by++] = code_of(district, sides[i]);
    return true;
}

Whistle__V1__Whistle *show_whistle(const struct whistle *w, const struct wh_district *district,
                                   struct wh_arena *arena, int64_t now)
{
    char number[WH_NUMBER_MAX];
    Whistle__V1__Whistle *shown = wh_arena_alloc(arena, sizeof *shown);
    if (shown == NULL)
        return NULL;
    whistle__v1__whistle__init(shown);
    whistle_number_format(w, district, number);
    shown->number = wh_arena_strdup(arena, number);
    shown->state = whistle_state(w);
    shown->unit = code_of(district, w->unit);
    shown->street = code_of(district, w->street);
    shown->asked_by = code_of(district, w->asked_by);
    shown->category = wh_arena_strdup(arena, w->category);
    shown->title = wh_arena_strdup(arena, w->title);
    shown->priority = (Whistle__V1__Priority)w->priority;
    shown->source = (Whistle__V1__Source)w->source;
    shown->drill = w->flags & WHISTLE_DRILL;
    shown->unreviewed = w->flags & WHISTLE_UNREVIEWED;
    shown->unchecked = w->flags & WHISTLE_UNCHECKED;
    shown->held_until_at = w->held_until;
    shown->routing_version = w->routing_version;
    shown->submitted_at = w->submitted_at;
    shown->dispatched_at = w->dispatched_at;
    shown->due_resolve = whistle_due_resolve(w);
    shown->next = show_next(arena, district, next_of_whistle(w, district));
    if (w->merged_into != 0 &&
        wh_number_format(wh_district_prefix(district), w->merged_into, number) == 0)
        shown->merged_into = wh_arena_strdup(arena, number);
    if (shown->merged_into == NULL)
        return NULL;
    if (shown->number == NULL || shown->category == NULL || shown->title == NULL ||
        shown->next == NULL || !show_units(w, district, arena, shown) ||
        !show_tasks(w, district, arena, now, shown))
        return NULL;
    return shown;
}
