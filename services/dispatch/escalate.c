// SPDX-License-Identifier: Apache-2.0
// Time's own decisions. next_timer and decide_timer walk the same list of what may come, so a timer
// that fires always finds what it was set for.
#include "dispatch/escalate.h"

#include "dispatch/clock.h"
#include "dispatch/decide_internal.h"
#include "dispatch/words.h"

static int64_t sooner(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static const struct wh_times *times_of(const struct whistle *w, const struct wh_district *district)
{
    return clock_times(district, w->times_set, (Whistle__V1__Priority)w->priority);
}

// When the next level of this clock comes, 0 none.
static int64_t next_level_at(const struct whistle *w, const struct wh_district *district,
                             const struct task *t, enum clock clock)
{
    if (!task_clock_runs(w, t, clock))
        return 0;
    return clock_level_at(district, w, t, clock, t->clocks[clock].level + 1);
}

// When the next reminder that was not given comes.
static int64_t next_reminder_at(const struct wh_times *times, const struct task_clock *clock)
{
    int64_t at = 0;
    for (size_t i = 0; times != NULL && i < times->n_remind && i < 8; i++)
        if (!(clock->reminded & 1U << i))
            at = sooner(at, clock_percent_at(clock, times->remind[i]));
    return at;
}

static int64_t task_timer(const struct whistle *w, const struct wh_district *district,
                          const struct task *t)
{
    const struct wh_times *times = times_of(w, district);
    int64_t at = 0;
    for (int c = CLOCK_SIGN; c <= CLOCK_RESOLVE; c++) {
        if (!task_clock_runs(w, t, (enum clock)c))
            continue;
        at = sooner(at, next_level_at(w, district, t, (enum clock)c));
        at = sooner(at, next_reminder_at(times, &t->clocks[c]));
    }
    if (task_clock_runs(w, t, CLOCK_RULING))
        at = sooner(at, t->clocks[CLOCK_RULING].due);
    if (task_clock_runs(w, t, CLOCK_LEDGER))
        at = sooner(at, t->clocks[CLOCK_LEDGER].due);
    return at;
}

static bool confirm_runs(const struct whistle *w)
{
    return w->confirm.due != 0 && w->confirm.level < 3;
}

int64_t next_timer(const struct whistle *w, const struct wh_district *district)
{
    int64_t at = 0;
    if (w->stage == STATE(RESOLVED))
        return w->resolved_at + ARCHIVE_AFTER_MS;
    if (w->stage == STATE(HELD))
        return w->held_until + HELD_GRACE_MS;
    if (!whistle_in_work(w))
        return 0;
    if (w->stage == STAGE_IN_TASKS)
        at = w->tell_at;
    for (size_t i = 0; i < w->n_tasks; i++)
        if (task_is_open(&w->tasks[i]))
            at = sooner(at, task_timer(w, district, &w->tasks[i]));
    return confirm_runs(w) ? sooner(at, w->confirm.due) : at;
}

// ---- the ruling nobody gave ---------------------------------------------------------------------
static void rule_by_itself(struct pen *p, const struct task *t)
{
    Whistle__V1__TaskRuled *e = pen_event(p, EVENT(RULED), &whistle__v1__task_ruled__descriptor);
    e->task = pen_task_id(p, t->department);
    e->verdict = RULED(OVERRULED);
    e->auto_ = true;
    pen_emit(p);
    struct message m = {
        .kind = NOTICE_RULED, .department = t->department, .receiver = t->department, .choice = 1};
    tell(p, &m);
    m.level = 4;
    m.choice = 3;
    tell(p, &m);
}

static void rulings(struct pen *p)
{
    for (size_t i = 0; i < p->w->n_tasks; i++) {
        const struct task *t = &p->w->tasks[i];
        if (!task_clock_runs(p->w, t, CLOCK_RULING) || t->clocks[CLOCK_RULING].due > p->c->now)
            continue;
        rule_by_itself(p, t);
        return; // one a turn
    }
}

// ---- levels -------------------------------------------------------------------------------------
struct level {
    const struct task *task; // NULL: the confirmation
    enum clock clock;
    int64_t at;
};

// The level that came first of all that are due; one a whistle and turn.
static struct level first_level(const struct whistle *w, const struct wh_district *district,
                                int64_t now)
{
    struct level first = {0};
    for (size_t i = 0; i < w->n_tasks; i++) {
        for (int c = CLOCK_SIGN; c <= CLOCK_RESOLVE; c++) {
            int64_t at = next_level_at(w, district, &w->tasks[i], (enum clock)c);
            if (at != 0 && at <= now && (first.at == 0 || at < first.at))
                first = (struct level){&w->tasks[i], (enum clock)c, at};
        }
    }
    if (confirm_runs(w) && w->confirm.due <= now && (first.at == 0 || w->confirm.due < first.at))
        first = (struct level){NULL, CLOCK_SIGN, w->confirm.due};
    return first;
}

static void emit_level(struct pen *p, char *task, Whistle__V1__Clock clock, int level, int64_t due)
{
    Whistle__V1__TaskEscalated *e =
        pen_event(p, EVENT(ESCALATED), &whistle__v1__task_escalated__descriptor);
    e->task = task;
    e->clock = clock;
    e->level = level;
    e->due_at = due;
    pen_emit(p);
}

static void escalate(struct pen *p)
{
    struct level l = first_level(p->w, p->c->district, p->c->now);
    if (l.at == 0)
        return;
    if (l.task == NULL) {
        emit_level(p, pen_text(p, p->number), CLOCK(CONFIRM), 3, p->w->confirm.due);
        tell(p, &(struct message){.kind = NOTICE_CONFIRM, .level = 3, .due = p->w->confirm.due});
        return;
    }
    struct message m = {.kind = NOTICE_ESCALATE,
                        .department = l.task->department,
                        .receiver = l.task->department,
                        .clock = l.clock,
                        .level = l.task->clocks[l.clock].level + 1,
                        .due = l.task->clocks[l.clock].due};
    emit_level(p, pen_task_id(p, m.department), clock_proto(l.clock), m.level, m.due);
    tell(p, &m);
}

// ---- the monthly look at a ledger ---------------------------------------------------------------
static void look_at_ledger(struct pen *p)
{
    for (size_t i = 0; i < p->w->n_tasks; i++) {
        const struct task *t = &p->w->tasks[i];
        if (!task_clock_runs(p->w, t, CLOCK_LEDGER) || t->clocks[CLOCK_LEDGER].due > p->c->now)
            continue;
        emit_level(p, pen_task_id(p, t->department), CLOCK(LEDGER), 0, t->clocks[CLOCK_LEDGER].due);
        struct message m = {
            .kind = NOTICE_LEDGER, .department = t->department, .receiver = t->department};
        tell(p, &m);
        tell_sides(p, &m);
        return; // one a turn
    }
}

// ---- reminders ----------------------------------------------------------------------------------
// Every percent that has passed is marked; only the highest one is told.
static void remind_clock(struct pen *p, const struct wh_times *times, const struct task *t,
                         enum clock clock)
{
    const struct task_clock *c = &t->clocks[clock];
    int highest = 0;
    for (size_t i = 0; i < times->n_remind && i < 8; i++) {
        int64_t at = clock_percent_at(c, times->remind[i]);
        if (c->reminded & 1U << i || at == 0 || at > p->c->now)
            continue;
        Whistle__V1__NoticesReleased *release = pen_release(p);
        Whistle__V1__Reminded *r = pen_message(p, &whistle__v1__reminded__descriptor);
        if (p->failed)
            return;
        r->task = pen_task_id(p, t->department);
        r->clock = clock_proto(clock);
        r->percent = times->remind[i];
        pen_append(p, (void ***)&release->reminded, &release->n_reminded, &p->cap_reminded, r);
        highest = times->remind[i] > highest ? times->remind[i] : highest;
    }
    if (highest > 0)
        tell(p, &(struct message){.kind = NOTICE_REMIND,
                                  .department = t->department,
                                  .receiver = t->department,
                                  .clock = clock,
                                  .percent = highest,
                                  .due = c->due});
}

static void remind(struct pen *p)
{
    const struct wh_times *times = times_of(p->w, p->c->district);
    for (size_t i = 0; times != NULL && i < p->w->n_tasks; i++)
        for (int c = CLOCK_SIGN; c <= CLOCK_RESOLVE; c++)
            if (task_clock_runs(p->w, &p->w->tasks[i], (enum clock)c))
                remind_clock(p, times, &p->w->tasks[i], (enum clock)c);
}

static void archive(struct pen *p)
{
    if (p->w->resolved_at + ARCHIVE_AFTER_MS > p->c->now)
        return;
    Whistle__V1__WhistleEnded *e =
        pen_event(p, EVENT(ENDED), &whistle__v1__whistle_ended__descriptor);
    e->number = pen_text(p, p->number);
    e->to = STATE(CLOSED);
    pen_emit(p);
}

int decide_timer(const struct whistle *w, const struct decision_context *context,
                 struct decision *d)
{
    struct pen p;
    pen_begin(&p, context, w, w->number, d);
    if (w->stage == STATE(RESOLVED)) {
        archive(&p);
    } else if (whistle_in_work(w)) {
        if (w->stage == STAGE_IN_TASKS)
            tell_collected(&p);
        rulings(&p);
        escalate(&p);
        look_at_ledger(&p);
        remind(&p);
    }
    return pen_end(&p);
}
